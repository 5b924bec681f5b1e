import { createServer, type Socket } from 'node:net';
import type { UnreadAnswers } from '../budget/unread-answers';
import { closeClients, stopListening } from '../sockets/closing';
import type { Log } from '../base/log';
import type { Metrics } from '../metrics/metrics';
import type { Transport } from './transport/transport';

/** Time that a client has to close its side of a connection that the server has ended. */
const ENDED_MS = 500;
/** Time for which a client may pause while it sends a request or reads a reply, once the server is closing. */
const STALLED_MS = 10_000;

export interface GrpcPortOptions {
  /** Loads the gRPC code. */
  readonly load: () => Promise<Transport>;
  /** Limit on open connections. At the limit, a connection without calls is closed to make room for a new one. */
  readonly maxConnections: number;
  /**
   * Time, from the start of closing, after which all remaining clients are disconnected as soon as the server has no
   * work. @default - no limit
   */
  readonly queueTimeoutSeconds?: number;
  /** @default - unread answers in the operating system's buffers are not bounded */
  readonly unread?: UnreadAnswers;
  readonly metrics: Pick<Metrics, 'observeDrop' | 'observeRefusal'>;
  readonly log: Log;
}

/** The gRPC port. The gRPC code is loaded on the first connection, because many deployments never use it. */
export class GrpcPort {
  readonly listener = createServer({ noDelay: true }, (socket) => this.accept(socket));
  private readonly sockets = new Set<Socket>();
  private loading?: Promise<Transport | void>;
  private transport?: Transport;

  constructor(private readonly options: GrpcPortOptions) {}

  /** Asks clients to reconnect to another replica, but still serves clients that connect to this one. */
  drain(): void {
    void this.loading?.then((server) => server?.drain());
  }

  /**
   * Stops listening; resolves once every call has its reply and every connection is closed.
   * @param isBusy Whether the server is working on a request; while it is, no client is disconnected.
   */
  async close(isBusy: () => boolean): Promise<void> {
    await stopListening(this.listener);
    void this.loading?.then((server) => server?.close());
    await closeClients(this.sockets, {
      isBusy,
      queueTimeoutSeconds: this.options.queueTimeoutSeconds,
      bytesOf: ({ bytesRead, bytesWritten }) => bytesRead + bytesWritten,
      patienceMs: ({ writableEnded }) => (writableEnded ? ENDED_MS : STALLED_MS),
    });
  }

  private accept(socket: Socket): void {
    const { load, log, maxConnections, metrics } = this.options;
    if (this.sockets.size >= maxConnections) {
      if (!this.transport?.endIdle()) {
        metrics.observeRefusal('connections');
        return void socket.destroy();
      }
      metrics.observeDrop('idle');
    }
    this.sockets.add(socket);
    this.options.unread?.watch(socket);
    // Connection errors are not logged, because they affect only the client.
    socket.on('error', () => socket.destroy()).once('close', () => this.sockets.delete(socket));
    this.loading ??= load().then(
      (transport) => (this.transport = transport),
      (error: unknown) => void log.error({ err: error }, 'gRPC cannot be loaded'),
    );
    void this.loading.then((server) => (server ? server.accept(socket) : socket.destroy()));
  }
}
