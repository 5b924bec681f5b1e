/** Messages of gRPC and frames of HTTP/2 as bytes, for clients that break their rules. */

/** Frame types: https://www.rfc-editor.org/rfc/rfc9113#section-6 */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

/** gRPC message with its prefix of five bytes. */
export function grpcMessage(content: Uint8Array, { flag = 0, length = content.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([prefix, content]);
}

export function frame(type: number, flags: number, stream: number, content: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

export function setting(key: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(key);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** Headers of a gRPC call, as HPACK that uses no tables. */
export function grpcHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  const pairs = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': 'x' };
  return headerBlock({ ...pairs, 'content-type': 'application/grpc', te: 'trailers', ...more });
}

export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(headers).map(([name, value]) => literal(0, name, value)));
}

/**
 * Header with a literal name and value.
 *
 * @param kind 0: not indexed, 0x40: added to the table
 */
export function literal(kind: number, name: string, value: string): Buffer {
  return Buffer.concat([Buffer.of(kind), hpackString(name), hpackString(value)]);
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length =
    bytes.length < 127 ? Buffer.of(bytes.length) : Buffer.concat([Buffer.of(127), varint(bytes.length - 127)]);
  return Buffer.concat([length, bytes]);
}

/** Unsigned integer with seven bits in each byte, as HPACK and Protocol Buffers write it. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return Buffer.from([...bytes, value]);
}
