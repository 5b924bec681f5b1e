import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../base/errors';
import type { Log } from '../base/log';
import type { Signals } from './signals';

export const NOT_SERVED = 'the model is not served';

export interface Stoppable {
  /** Reason that the server cannot serve the model; undefined if it has not failed. */
  readonly failure: string | undefined;
  /** Asks clients and load balancers to send new traffic elsewhere, but still serves the requests that arrive. */
  drain(): void;
  /** Finishes the accepted requests and stops. */
  stop(): Promise<void>;
  /** Refuses the requests that have not started to run. */
  abandonQueued(): void;
}

/**
 * Shuts the process down on a signal. After SIGTERM, the server continues to serve for `drainSeconds`, because load
 * balancers still send requests: Kubernetes removes an endpoint at the same time as it sends the signal, not before.
 * SIGINT comes from a terminal and needs no such wait. A second signal skips the wait and abandons queued requests. The
 * process exits only when no run is in progress, since an exit during a run would abort it.
 */
export function endOnSignals(
  signals: Pick<Signals, 'handle'>,
  server: Stoppable,
  drainSeconds: number,
  log: Log,
): void {
  const secondSignal = new AbortController();
  let isEnding = false;

  const end = async (signal: NodeJS.Signals) => {
    if (isEnding) {
      log.warn({ signal }, 'second signal: dropping requests that have not started');
      secondSignal.abort();
      server.abandonQueued();
      return;
    }
    isEnding = true;
    const { failure } = server;
    const wait = signal === 'SIGTERM' && failure === undefined ? drainSeconds : 0;
    log.info({ signal, drainSeconds: wait }, 'shutting down');
    server.drain();
    await sleep(wait * 1000, undefined, { signal: secondSignal.signal }).catch(() => undefined);
    await server.stop();
    log.info('stopped');
    // Logged last: after exit code 1, Kubernetes uses the last line as the termination message.
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
