/** Loaded into a server with --require: its executors' threads throw in place of some of their runs. */
const { isMainThread, parentPort } = require('node:worker_threads');

// Warm-up and trial come first, and an executor that takes another's place goes through them too.
const RUNS = 400;

if (!isMainThread && parentPort) {
  const on = parentPort.on;
  // In front of the executor's own listener: one of ours beside it would begin to take messages too early.
  parentPort.on = function (event, listener) {
    let runs = 0;
    return on.call(this, event, (message) => {
      if (message.type === 'run' && ++runs === RUNS) throw new Error('injected fault');
      listener(message);
    });
  };
}
