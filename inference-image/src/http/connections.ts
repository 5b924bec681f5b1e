import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** How long a connection without a request may stay once the server has closed: its request may be on the way. */
const SILENT_MS = 500;
/** How long a client may take to send the rest of a request or read the rest of a reply once the server has closed. */
const STALLED_MS = 10_000;

/** The connections of an HTTP server, so that it can be closed without cutting a request short. */
export class Connections {
  private closeAfterReply = false;
  private requests = 0;

  constructor(private readonly server: Server) {
    const ended = () => this.requests--;
    server.prependListener('request', (_request: IncomingMessage, response: ServerResponse) => {
      this.requests++;
      response.on('close', ended);
      if (this.closeAfterReply) response.setHeader('connection', 'close');
    });
  }

  /** From now on each reply asks its client to connect anew, and so perhaps elsewhere. */
  drain(): void {
    this.closeAfterReply = true;
  }

  /**
   * Listens no more; resolves once every request has its reply and every connection is closed.
   * @param isBusy Whether a request is being worked on here, so that its client is not the one to blame.
   */
  async close(isBusy: () => boolean): Promise<void> {
    this.drain();
    let closed = false;
    this.server.close(() => (closed = true));
    for (let quietMs = 0; !closed; quietMs = isBusy() ? 0 : quietMs + POLL_MS) {
      this.server.closeIdleConnections();
      // Node does not count a connection as idle before its first request.
      if (quietMs >= (this.requests > 0 ? STALLED_MS : SILENT_MS)) this.server.closeAllConnections();
      await sleep(POLL_MS);
    }
  }

  destroy(): void {
    this.server.closeAllConnections();
  }
}
