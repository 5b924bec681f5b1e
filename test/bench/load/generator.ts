import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Measured } from './closed-loop';
import type { LoadMessage, LoadReply, Loads } from './load-process';

/** Time to wait for the last answers after the load has ended. */
const GRACE_SECONDS = 20;

/** Node option that prevents frequent garbage collection in the generator. */
const ROOM = '--max-semi-space-size=64';

/** Process that generates all loads of a benchmark, so that it is equally warm for all of them. */
let child: ChildProcess | undefined;

export async function generate<K extends keyof Loads>(kind: K, load: Loads[K]): Promise<Measured> {
  const loader = (child ??= fork(join(__dirname, 'load-process.ts'), {
    serialization: 'advanced',
    execArgv: [...process.execArgv, ROOM],
  }));
  // A server that does not answer must not block the run.
  const signal = AbortSignal.timeout((load.seconds + GRACE_SECONDS) * 1000);
  loader.send({ kind, load } as LoadMessage);
  try {
    const [answer] = (await once(loader, 'message', { signal })) as [LoadReply];
    if ('error' in answer) throw new Error(answer.error);
    return answer.measured;
  } catch (error) {
    if (!signal.aborted) throw error;
    loader.kill('SIGKILL');
    child = undefined;
    throw new Error(`the load did not finish within ${GRACE_SECONDS} s after its end time`, { cause: error });
  }
}

export function stopGenerator(): void {
  if (child?.connected) child.disconnect();
  child = undefined;
}
