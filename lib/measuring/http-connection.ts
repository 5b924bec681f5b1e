import { connect, type Socket } from 'node:net';

const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const READ_BYTES = 64 * 1024;

/**
 * The server's address, and the bytes that are sent as each request. They are encoded before the measurement starts.
 */
export interface HttpTarget {
  readonly host: string;
  readonly port: number;
  readonly request: Uint8Array;
}

/** Encodes a POST request. */
export function requestBytes(post: {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}): Buffer {
  const { path, headers, body } = post;
  const lines = Object.entries({ host: 'localhost', ...headers, 'content-length': String(body.length) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.concat([Buffer.from(`POST ${path} HTTP/1.1\r\n${head}\r\n`), body]);
}

export type OnResponse = (status: number) => void;

/**
 * A keep-alive connection with at most one request in flight.
 * To save CPU time, it reads only the status and the end of a response.
 */
export class HttpConnection {
  onResponse: OnResponse = () => {};
  onClose: () => void = () => {};

  private readonly socket: Socket;
  /**
   * Number of bytes of the current response that have not arrived; -1 until its head is read, Infinity if it is
   * chunked.
   */
  private missing = -1;
  private status = 0;
  /** Beginning of a head that arrived in pieces. */
  private head: Buffer | undefined;

  constructor(private readonly target: HttpTarget) {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    const onread = { buffer, callback: (length: number) => this.read(buffer, length) };
    this.socket = connect({ host: target.host, port: target.port, noDelay: true, onread });
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.onClose());
  }

  send(): void {
    this.socket.write(this.target.request);
  }

  close(): void {
    this.onClose = this.onResponse = () => {};
    this.socket.destroy();
  }

  private read(buffer: Buffer, length: number): boolean {
    if (this.missing < 0) {
      if (!this.readHead(buffer, length)) return true;
    } else if (this.missing !== Infinity) {
      this.missing -= length;
    }
    // A chunked response ends with an empty chunk.
    if (this.missing === Infinity && endsWith(buffer, length, LAST_CHUNK)) this.missing = 0;
    if (this.missing > 0) return true;
    this.missing = -1;
    this.onResponse(this.status);
    return true;
  }

  /** Reads the head of a response. Returns whether the head is complete. */
  private readHead(buffer: Buffer, length: number): boolean {
    let bytes = buffer.subarray(0, length);
    if (this.head) bytes = Buffer.concat([this.head, bytes]);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      this.head = Buffer.from(bytes);
      return false;
    }
    this.head = undefined;
    // "HTTP/1.1 200 …"
    this.status = (bytes[9]! - 48) * 100 + (bytes[10]! - 48) * 10 + bytes[11]! - 48;
    this.missing = end + HEAD_END.length + bodyLength(bytes.toString('latin1', 0, end)) - bytes.length;
    return true;
  }
}

function bodyLength(head: string): number {
  const match = /\r\n(?:content-length: *(\d+)|transfer-encoding: *chunked)/i.exec(head);
  if (!match) throw new Error(`response without a length: ${head}`);
  return Number(match[1] ?? Infinity);
}

function endsWith(buffer: Buffer, length: number, end: Buffer): boolean {
  return length >= end.length && buffer.compare(end, 0, end.length, length - end.length, length) === 0;
}
