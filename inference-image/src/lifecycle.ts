import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from './errors';
import type { Log } from './log';
import type { Signals } from './signals';

export const NOT_SERVED = 'the model is not served';

export interface Stoppable {
  /** Why it serves nothing, if it failed. */
  readonly failure: string | undefined;
  /** Take no new traffic, where whoever sends it listens; serve what comes. */
  drain(): void;
  /** Finish what is accepted, and end. */
  stop(): Promise<void>;
  /** Let go of what has not begun. */
  hurry(): void;
}

/**
 * Ends the process on a signal. SIGTERM comes while load balancers still send requests here (Kubernetes takes endpoints
 * away at the same time), so the server goes on for `drainSeconds` first; SIGINT, from a terminal, needs no such wait.
 * A second signal cuts both short. The process exits only when nothing runs: to exit during a run would abort it.
 */
export function endOnSignals(
  signals: Pick<Signals, 'handle'>,
  server: Stoppable,
  drainSeconds: number,
  log: Log,
): void {
  const hurried = new AbortController();
  let ending = false;

  const end = async (signal: NodeJS.Signals) => {
    if (ending) {
      log.warn({ signal }, 'second signal: dropping what has not begun');
      hurried.abort();
      server.hurry();
      return;
    }
    ending = true;
    const { failure } = server;
    const wait = signal === 'SIGTERM' && failure === undefined ? drainSeconds : 0;
    log.info({ signal, drainSeconds: wait }, 'shutting down');
    server.drain();
    await sleep(wait * 1000, undefined, { signal: hurried.signal }).catch(() => undefined);
    await server.stop();
    log.info('stopped');
    // Said last, and with an exit code of its own: Kubernetes then makes it the termination message.
    if (failure !== undefined) log.error({ error: failure }, NOT_SERVED);
    process.exit(failure === undefined ? 0 : 1);
  };

  signals.handle((signal) => {
    end(signal).catch((error: unknown) => {
      log.fatal({ error: messageOf(error) }, 'could not shut down');
      process.exit(1);
    });
  });
}
