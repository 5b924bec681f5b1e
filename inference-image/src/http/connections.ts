import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** How long a connection without a request may stay once the server has closed: its request may be on the way. */
const SILENT_MS = 500;
/** How long a client may pause while it sends a request once the server has closed. */
const STALLED_MS = 10_000;
/** How long a client may take to read what is left of its reply once the server has closed. */
const READING_MS = 30_000;

/** The connections of an HTTP server, so that it can be closed without cutting a request or its reply short. */
export class Connections {
  private closeAfterReply = false;
  /** How many replies each open connection waits for. */
  private readonly replies = new Map<Socket, number>();

  constructor(private readonly server: Server) {
    server.on('connection', (socket: Socket) => {
      this.replies.set(socket, 0);
      socket.once('close', () => this.replies.delete(socket));
    });
    const count = (socket: Socket, change: number) => this.count(socket, change);
    // One function for all responses: a closure for each would show in the latency of a small model.
    const onClose = function (this: ServerResponse) {
      count(this.req.socket, -1);
    };
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      count(socket, 1);
      response.on('close', onClose);
      if (this.closeAfterReply) response.setHeader('connection', 'close');
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
    // Not http's own close: it destroys connections whose reply is not all sent.
    NetServer.prototype.close.call(this.server);
    let bytesRead = 0;
    for (let quietMs = 0; this.replies.size > 0; quietMs += POLL_MS) {
      const bytes = [...this.replies.keys()].reduce((total, socket) => total + socket.bytesRead, 0);
      if (isBusy() || bytes !== bytesRead) quietMs = 0;
      bytesRead = bytes;
      for (const [socket, replies] of this.replies) {
        if (quietMs >= patienceMs(socket, replies)) socket.destroy();
      }
      await sleep(POLL_MS);
    }
  }

  private count(socket: Socket, change: number): void {
    const replies = this.replies.get(socket);
    if (replies !== undefined) this.replies.set(socket, replies + change);
  }
}

function patienceMs(socket: Socket, replies: number): number {
  if (replies === 0) return SILENT_MS;
  return socket.writableLength > 0 ? READING_MS : STALLED_MS;
}
