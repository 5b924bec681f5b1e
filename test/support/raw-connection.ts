import { once } from 'node:events';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Client that sends raw bytes and can leave answers unread. */
export class RawConnection {
  /** Received bytes as latin1. */
  received = '';
  readonly closed: Promise<unknown>;

  static async open(url: string, { reads = true } = {}): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = new Socket().connect(Number(port), hostname);
    await once(socket, 'connect');
    return new RawConnection(socket, reads);
  }

  private constructor(
    readonly socket: Socket,
    reads: boolean,
  ) {
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    // Without a listener, an error would fail the test; the error closes the connection anyway.
    socket.setEncoding('latin1').on('error', () => undefined);
    if (reads) socket.on('data', (text) => (this.received += text));
    else socket.pause();
  }

  send(...parts: Array<string | Uint8Array>): this {
    for (const part of parts) this.socket.write(part);
    return this;
  }

  /** Waits without a time limit until the received text matches. */
  async receives(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.received);
      if (match) return match;
      if (this.socket.destroyed) throw new Error(`the connection was closed after ${JSON.stringify(this.received)}`);
      await sleep(5);
    }
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Request line and headers of an HTTP request. */
export function head(method: string, path: string, headers: Readonly<Record<string, string | number>> = {}): string {
  const lines = Object.entries({ host: 'm', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
