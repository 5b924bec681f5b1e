import { createServer, type Socket } from 'node:net';
import type { UnreadAnswers } from '../budget/unread-answers';
import { closeClients } from '../closing-clients';
import type { Log } from '../log';
import type { Metrics } from '../metrics/metrics';
import { stopListening } from '../stop-listening';
import type { Transport } from './transport/transport';

/** How long a client may take to close a connection that has ended. */
const ENDED_MS = 500;
/** How long a client may pause, in its request or in reading its reply, once the server has closed. */
const STALLED_MS = 10_000;

export interface GrpcPortOptions {
  /** Loads gRPC. */
  readonly load: () => Promise<Transport>;
  /** Connections that may be open at a time. One that has no call makes room for a new one. */
  readonly maxConnections: number;
  /** How long all clients together may take, once the server has closed, while nothing is worked on. @default - any time */
  readonly queueTimeoutSeconds?: number;
  /** @default - what the operating system has of answers is not looked at */
  readonly unread?: UnreadAnswers;
  readonly metrics: Pick<Metrics, 'observeDrop' | 'observeRefusal'>;
  readonly log: Log;
}

/** The port for gRPC. What it takes to speak it is loaded at the first connection: many deployments never have one. */
export class GrpcPort {
  readonly listener = createServer({ noDelay: true }, (socket) => this.accept(socket));
  private readonly sockets = new Set<Socket>();
  private loading?: Promise<Transport | void>;
  private transport?: Transport;

  constructor(private readonly options: GrpcPortOptions) {}

  /** Tells clients to connect again; serves those that do. */
  drain(): void {
    void this.loading?.then((server) => server?.drain());
  }

  /**
   * Listens no more; resolves once every call has its reply and every connection is closed.
   * @param isBusy Whether a request is being worked on here, so that its client is not the one to blame.
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
    // What goes wrong with a connection is its client's to notice.
    socket.on('error', () => socket.destroy()).once('close', () => this.sockets.delete(socket));
    this.loading ??= load().then(
      (transport) => (this.transport = transport),
      (error: unknown) => void log.error({ err: error }, 'gRPC cannot be loaded'),
    );
    void this.loading.then((server) => (server ? server.accept(socket) : socket.destroy()));
  }
}
