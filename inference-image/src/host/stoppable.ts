import type { Scheduler } from '../inference/scheduler';
import type { Stoppable } from './lifecycle';
import type { ModelHost } from './model-host';

/** Accepts requests of one protocol. */
interface Transport {
  /** Asks clients to reconnect to another replica, if the protocol allows that. */
  drain(): void;
  /** Resolves once every request has its answer. @param isBusy Whether the server is working on requests. */
  close(isBusy: () => boolean): Promise<void>;
}

/** Reads requests and writes answers on its own threads. */
interface Reader {
  readonly busy: boolean;
  close(): Promise<void>;
}

export interface ServerParts {
  readonly host: Pick<ModelHost, 'dataPlane' | 'close' | 'refuseQueued'> & {
    readonly scheduler: Pick<Scheduler, 'busy' | 'finished'>;
  };
  readonly transports: readonly Transport[];
  readonly readers: readonly Reader[];
}

/**
 * Combines the parts of a server into one that stops in order: first the parts that accept requests, and last the parts
 * that run them.
 */
export function stoppable({ host, transports, readers }: ServerParts): Stoppable {
  const { dataPlane, scheduler } = host;
  const isBusy = () => scheduler.busy || readers.some(({ busy }) => busy);
  return {
    get failure() {
      return dataPlane.failure;
    },
    drain: () => {
      dataPlane.drain();
      for (const transport of transports) transport.drain();
    },
    stop: async () => {
      await Promise.all(transports.map((transport) => transport.close(isBusy)));
      for (const reader of readers) await reader.close();
      await scheduler.finished();
      await host.close();
    },
    abandonQueued: () => host.refuseQueued(),
  };
}
