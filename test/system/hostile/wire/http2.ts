import { connect, type Socket } from 'node:net';
import type { Target } from '../attack';
import { ACK, END_HEADERS, END_STREAM, FRAME, frame, grpcHeaders, setting } from '../../../support/http2-frames';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

const FIRST_WINDOW = 65535;
const MAX_FRAME = 16384;
const INITIAL_WINDOW_SIZE = 4;

/**
 * Raw HTTP/2 connection. The only rule of the protocol that it follows is to respect the server's flow-control windows.
 */
export class RawHttp2 {
  closed = false;
  sent = 0;
  /** Whether the server has sent GOAWAY. */
  refused = false;
  /** Bytes that may still be sent on each open stream. */
  readonly windows = new Map<number, number>();
  private connectionWindow = FIRST_WINDOW;
  private streamWindow = FIRST_WINDOW;
  private rest: Buffer = Buffer.alloc(0);
  private wake = () => {};

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => {});
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
    socket.on('data', (data) => this.read(data));
  }

  /** Opens a connection. @param window Flow-control window for each answer, in bytes */
  static async open(target: Target, window = FIRST_WINDOW): Promise<RawHttp2> {
    const socket = connect({ host: target.host, port: target.grpcPort, noDelay: true });
    const connection = new RawHttp2(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
    await connection.send(Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0, setting(INITIAL_WINDOW_SIZE, window))]));
    return connection;
  }

  /** Sends bytes. Resolves when they have been sent, or when the server has not read for a second. */
  send(data: Buffer): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.sent += data.length;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1000);
      this.socket.write(data, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Starts a call.
   *
   * @param body Complete body, which ends the stream
   */
  async startCall(stream: number, path: string, body?: Buffer, more?: Record<string, string>): Promise<void> {
    this.windows.set(stream, this.streamWindow);
    const headers = frame(FRAME.headers, END_HEADERS, stream, grpcHeaders(path, more));
    await this.send(body ? Buffer.concat([headers, frame(FRAME.data, END_STREAM, stream, body)]) : headers);
  }

  /**
   * Sends as much of a body as the flow-control windows allow.
   *
   * @returns Number of bytes sent
   */
  async sendData(stream: number, body: Buffer): Promise<number> {
    let at = 0;
    while (at < body.length && !this.closed) {
      const room = Math.min(this.windows.get(stream) ?? 0, this.connectionWindow, MAX_FRAME, body.length - at);
      if (room <= 0) return at;
      this.windows.set(stream, this.windows.get(stream)! - room);
      this.connectionWindow -= room;
      await this.send(frame(FRAME.data, 0, stream, body.subarray(at, at + room)));
      at += room;
    }
    return at;
  }

  /** Resolves when data has arrived or the time is up. */
  wait(milliseconds: number): Promise<void> {
    if (this.closed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** State of the connection. */
  get status(): string {
    return this.closed ? 'closed' : this.refused ? 'goaway' : 'held';
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    this.rest = this.rest.length > 0 ? Buffer.concat([this.rest, data]) : data;
    while (this.rest.length >= 9) {
      const end = 9 + this.rest.readUIntBE(0, 3);
      if (this.rest.length < end) break;
      const [type, flags] = [this.rest[3]!, this.rest[4]!];
      this.take(type, flags, this.rest.readUInt32BE(5) & 0x7fffffff, this.rest.subarray(9, end));
      this.rest = this.rest.subarray(end);
    }
    this.wake();
  }

  private take(type: number, flags: number, stream: number, content: Buffer): void {
    if (type === FRAME.windowUpdate) {
      const more = content.readUInt32BE(0);
      if (stream === 0) this.connectionWindow += more;
      else if (this.windows.has(stream)) this.windows.set(stream, this.windows.get(stream)! + more);
    } else if (type === FRAME.settings && !(flags & ACK)) {
      for (let at = 0; at + 6 <= content.length; at += 6) {
        if (content.readUInt16BE(at) === INITIAL_WINDOW_SIZE) this.setStreamWindow(content.readUInt32BE(at + 2));
      }
      void this.send(frame(FRAME.settings, ACK, 0));
    } else if (type === FRAME.ping && !(flags & ACK)) {
      void this.send(frame(FRAME.ping, ACK, 0, content));
    } else if (type === FRAME.resetStream || (type <= FRAME.headers && flags & END_STREAM)) {
      this.windows.delete(stream);
    } else if (type === FRAME.goaway) {
      this.refused = true;
    }
  }

  private setStreamWindow(size: number): void {
    for (const [stream, window] of this.windows) this.windows.set(stream, window + size - this.streamWindow);
    this.streamWindow = size;
  }
}
