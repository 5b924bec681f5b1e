import type { Scheduler } from '../inference/scheduler';
import type { Stoppable } from '../lifecycle';
import type { ModelHost } from '../model-host';

/** Takes requests of one protocol. */
interface Transport {
  /** Has clients connect elsewhere, as far as they can be told. */
  drain(): void;
  /** Resolves once every request has its answer. @param isBusy Whether requests are being worked on. */
  close(isBusy: () => boolean): Promise<void>;
}

/** Reads requests and writes answers, on threads of its own. */
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

/** The order in which the parts of a server end: first whatever takes requests, and last what runs them. */
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
