import { ThreadClient } from '../threads/thread-client';
import type { Executor, Run, RunResult } from './executor';
import { transferList } from '../threads/thread-messages';
import type { ToExecutor } from './executor-messages';
import type { SessionOptions, SessionSignature } from './session';

/** Main-thread side of an executor on a worker thread. */
export class WorkerExecutor extends ThreadClient<ToExecutor> implements Executor {
  /** Starts the thread. @param script Bundle of the executor. */
  constructor(script: string) {
    super('the executor', script);
  }

  /** Loads the model; call it before the first run. */
  load(options: SessionOptions): Promise<SessionSignature> {
    return this.ask({ type: 'load', ...options });
  }

  run(run: Run): Promise<RunResult> {
    const { inputs, outputs, returnInputs } = run;
    return this.ask({ type: 'run', inputs, outputs, returnInputs }, transferList(inputs));
  }
}
