import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface HttpReply {
  readonly status: number;
  /** Status line and headers, in lower case. */
  readonly head: string;
  readonly body: Buffer;
}

const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** An HTTP client that sends raw bytes, and parses replies strictly. */
export class HttpConnection {
  private readonly socket: Socket;
  private received = Buffer.alloc(0);
  private closed = false;
  private wake = () => {};

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    // A server that refuses a request may close the connection before it has read all of it.
    this.socket.on('error', () => {});
    this.socket.on('data', (data) => {
      this.received = Buffer.concat([this.received, data]);
      this.wake();
    });
    for (const event of ['end', 'close']) {
      this.socket.once(event, () => {
        this.closed = true;
        this.wake();
      });
    }
  }

  get reusable(): boolean {
    return !this.closed && this.received.length === 0;
  }

  /** Sends bytes. @param pauseAt Number of bytes after which to pause, so that the server receives two chunks */
  async send(bytes: Buffer, pauseAt = 0): Promise<void> {
    if (pauseAt > 0) {
      this.socket.write(bytes.subarray(0, pauseAt));
      await sleep(2);
    }
    this.socket.write(bytes.subarray(pauseAt));
  }

  end(): void {
    this.socket.end();
  }

  async reset(bytes: Buffer): Promise<void> {
    await new Promise((resolve) => this.socket.write(bytes, resolve));
    if (this.socket.destroyed) return;
    this.socket.resetAndDestroy();
    await once(this.socket, 'close');
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Waits for the next reply, and returns it; returns undefined if the connection ends first. */
  async reply(head = false): Promise<HttpReply | undefined> {
    for (;;) {
      const reply = this.parse(head);
      if (reply && reply.status >= 200) return reply;
      if (reply) continue;
      if (this.closed) {
        if (this.received.length > 0)
          throw new Error(`the connection ended within a reply: ${this.received.toString('latin1')}`);
        return undefined;
      }
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  private parse(head: boolean): HttpReply | undefined {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const text = this.received.toString('latin1', 0, end + 2).toLowerCase();
    const [, code] = /^http\/1\.1 (\d{3}) .*\r\n/.exec(text) ?? [];
    if (!code) throw new Error(`not a reply: ${this.received.toString('latin1')}`);
    const status = Number(code);
    const [, length] = /\r\ncontent-length: (\d+)\r\n/.exec(text) ?? [];
    const start = end + 4;
    if (head || status < 200 || status === 204 || status === 304) return this.take(status, text, start, start);
    if (length !== undefined) return this.take(status, text, start, start + Number(length));
    if (!/\r\ntransfer-encoding: chunked\r\n/.test(text)) {
      return this.closed ? this.take(status, text, start, this.received.length) : undefined;
    }
    // Only Node's own replies are chunked, and they have no content.
    const reply = this.take(status, text, start, start + LAST_CHUNK.length);
    if (reply && !reply.body.equals(LAST_CHUNK)) throw new Error(`a chunked reply with content: ${reply.body}`);
    return reply && { ...reply, body: Buffer.alloc(0) };
  }

  private take(status: number, head: string, start: number, end: number): HttpReply | undefined {
    if (this.received.length < end) return undefined;
    const body = this.received.subarray(start, end);
    this.received = this.received.subarray(end);
    return { status, head, body };
  }
}
