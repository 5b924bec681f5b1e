import { ThreadClient } from '../thread-client';
import type { Executor, Run, RunResult } from './executor';
import { transferList, type ToExecutor } from './executor-messages';
import type { SessionOptions, SessionSignature } from './session';

/** An executor on a thread of its own, seen from the main thread. */
export class WorkerExecutor extends ThreadClient<ToExecutor> implements Executor {
  /** Begins the thread. @param script The executor's bundle. */
  constructor(script: string) {
    super('the executor', script);
  }

  /** Loads a model, before the first run. */
  load(options: SessionOptions): Promise<SessionSignature> {
    return this.ask({ type: 'load', ...options });
  }

  run(run: Run): Promise<RunResult> {
    const { inputs, outputs, returnInputs } = run;
    return this.ask({ type: 'run', inputs, outputs, returnInputs }, transferList(inputs));
  }
}
