import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { stopListening } from '../stop-listening';

const POLL_MS = 50;
/** How long a connection without a request may stay once the server has closed: its request may be on the way. */
const SILENT_MS = 500;
/** How long a client may pause while it sends a request once the server has closed. */
const STALLED_MS = 10_000;
/** How long a client may take to read what is left of its reply once the server has closed. */
const READING_MS = 30_000;

interface Connection {
  /** How many replies it waits for. */
  replies: number;
  /** In milliseconds, as performance.now() counts them. */
  readonly expiresAt: number;
}

/**
 * The connections of an HTTP server. An old one is ended with its next reply, since a load balancer that balances
 * connections sends new replicas nothing else; and the server can be closed without cutting a request or its reply
 * short.
 */
export class Connections {
  private closeAfterReply = false;
  private readonly open = new Map<Socket, Connection>();

  constructor(
    private readonly server: Server,
    maxAgeSeconds: number,
  ) {
    server.on('connection', (socket: Socket) => {
      this.open.set(socket, { replies: 0, expiresAt: performance.now() + spread(maxAgeSeconds) * 1000 });
      socket.once('close', () => this.open.delete(socket));
    });
    const count = (socket: Socket, change: number) => this.count(socket, change);
    // One function for all responses: a closure for each would show in the latency of a small model.
    const onClose = function (this: ServerResponse) {
      count(this.req.socket, -1);
    };
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const connection = count(socket, 1);
      response.on('close', onClose);
      if (this.closeAfterReply || (connection && performance.now() >= connection.expiresAt))
        response.setHeader('connection', 'close');
    });
  }

  /** From now on each request is told to connect anew the next time, and so perhaps elsewhere. */
  drain(): void {
    this.closeAfterReply = true;
  }

  /**
   * Listens no more; resolves once every request has its reply and every connection is closed.
   * @param isBusy Whether a request is being worked on here, so that its client is not the one to blame.
   */
  async close(isBusy: () => boolean): Promise<void> {
    this.drain();
    await stopListening(this.server);
    let bytesRead = 0;
    for (let quietMs = 0; this.open.size > 0; quietMs += POLL_MS) {
      const bytes = [...this.open.keys()].reduce((total, socket) => total + socket.bytesRead, 0);
      if (isBusy() || bytes !== bytesRead) quietMs = 0;
      bytesRead = bytes;
      for (const [socket, { replies }] of this.open) {
        if (quietMs >= patienceMs(socket, replies)) socket.destroy();
      }
      await sleep(POLL_MS);
    }
  }

  private count(socket: Socket, change: number): Connection | undefined {
    const connection = this.open.get(socket);
    if (connection) connection.replies += change;
    return connection;
  }
}

/** A tenth more or less: connections that began together must not all come back together. */
function spread(seconds: number): number {
  return seconds * (0.9 + 0.2 * Math.random());
}

function patienceMs(socket: Socket, replies: number): number {
  if (replies === 0) return SILENT_MS;
  return socket.writableLength > 0 ? READING_MS : STALLED_MS;
}
