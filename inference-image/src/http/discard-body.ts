import type { IncomingMessage } from 'node:http';
import { BodyTurns } from './body-turns';

/** Bodies up to this size are read and discarded, so that their connections can be reused. */
const SMALL_BODY_BYTES = 64 * 1024;
/** Limit on discarded bytes of larger bodies: a client that is still sending does not read the answer. */
const DISCARDED_BYTES = 64 * 1024 * 1024;
/** The same limit while the server is overloaded or unavailable. */
export const BUSY_DISCARDED_BYTES = 4 * 1024 * 1024;
/**
 * Bodies that are discarded at a time. The operating system buffers 128 KiB or more for each slow one, from the
 * container's memory.
 */
const MAX_DISCARDING = 128;
/** Pause after each 64 KiB, so that discarding takes no time from useful requests. */
const DISCARD_PAUSE_MS = 5;
/** Smaller chunks count as this size, because of their processing time. */
const SMALL_CHUNK_BYTES = 4 * 1024;
/** Limit on the tiny chunks of a body that is discarded: one read brings thousands, and each takes time. */
const MAX_TINY_CHUNKS = 64;
const TINY_CHUNK_BYTES = 64;

/** Number of bodies being discarded. */
let discarding = 0;
/** Requests whose bodies are being discarded, or were. */
const discarded = new WeakSet<IncomingMessage>();

/** Requests whose bodies are not read any further. */
const left = new WeakSet<IncomingMessage>();

/** Stops reading a body; its connection ends after the answer. */
export function leaveBody(request: IncomingMessage): void {
  left.add(request);
  request.socket.pause();
}

/** Reads and discards the rest of a body. Further calls for the same request do nothing. */
export function discardBody(request: IncomingMessage, maxBytes = DISCARDED_BYTES): void {
  if (discarded.has(request)) return;
  discarded.add(request);
  if (left.has(request) || discarding >= MAX_DISCARDING) {
    leaveBody(request);
    // After the answer, which a client that goes on sending may lose.
    setImmediate(() => request.socket.destroySoon());
    return;
  }
  discarding++;
  onceEnded(request, () => discarding--);
  const turns = new BodyTurns(request, DISCARD_PAUSE_MS);
  let bytesLeft = maxBytes;
  let tinyLeft = MAX_TINY_CHUNKS;
  request.on('data', ({ length }: Buffer) => {
    bytesLeft -= Math.max(length, SMALL_CHUNK_BYTES);
    if (length < TINY_CHUNK_BYTES) tinyLeft--;
    if (bytesLeft < 0 || tinyLeft < 0) request.socket.destroy();
    else turns.read(length);
  });
  request.resume();
}

/**
 * Calls a listener once a request or its connection has ended; node:http does not close requests that it has answered.
 */
function onceEnded(request: IncomingMessage, listener: () => void): void {
  const { socket } = request;
  const gone = () => {
    request.off('end', gone).off('close', gone);
    socket.off('close', gone);
    listener();
  };
  request.on('end', gone).on('close', gone);
  socket.on('close', gone);
}

export function isLeft(request: IncomingMessage): boolean {
  return left.has(request);
}

/** Whether the rest of a request is small. */
export function isSmall(request: IncomingMessage): boolean {
  return request.complete || (!request.headers['transfer-encoding'] && !hasLargeLength(request));
}

/** Whether a request declares a body that is too large to be discarded for the sake of its connection. */
export function hasLargeLength({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) > SMALL_BODY_BYTES;
}
