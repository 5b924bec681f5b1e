/** Loaded into a server with --require: the threads of its executors throw instead of running some requests. */
const { isMainThread, parentPort } = require('node:worker_threads');

// The runs of the warm-up and the trial come first, also in an executor that replaces another.
const RUNS = 400;

if (!isMainThread && parentPort) {
  const on = parentPort.on;
  // Wraps the executor's own listener, because an additional listener would start to receive messages too early.
  parentPort.on = function (event, listener) {
    let runs = 0;
    return on.call(this, event, (message) => {
      if (message.type === 'run' && ++runs === RUNS) throw new Error('injected fault');
      listener(message);
    });
  };
}
