import type { IncomingMessage } from 'node:http';
import { BodyTurns } from './reading-turns';

/** The rest of a body of up to this size is read and discarded, so that the connection can be reused. */
const SMALL_BODY_BYTES = 64 * 1024;
/**
 * Limit on the discarded bytes of a larger body. They are discarded because a client that is still sending does not
 * read the answer.
 */
const DISCARDED_BYTES = 64 * 1024 * 1024;
/** Limit on the discarded bytes while the server is overloaded or unavailable. */
export const BUSY_DISCARDED_BYTES = 4 * 1024 * 1024;
/**
 * Maximum number of bodies that are discarded at the same time. For each slow body, the operating system buffers 128
 * KiB or more in the container's memory.
 */
const MAX_DISCARDING = 128;
/** Pause after each 64 KiB, so that discarding takes little time from other requests. */
const DISCARD_PAUSE_MS = 5;
/** Smaller chunks count as this many bytes, because each chunk takes time whatever its size. */
const SMALL_CHUNK_BYTES = 4 * 1024;
/** Limit on the tiny chunks of a discarded body, because one read may bring thousands and each takes time. */
const MAX_TINY_CHUNKS = 64;
const TINY_CHUNK_BYTES = 64;

/** Number of bodies being discarded. */
let discarding = 0;
/** Requests whose bodies are being discarded or have been discarded. */
const discarded = new WeakSet<IncomingMessage>();

/** Requests whose bodies are no longer read. */
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
    // Closes the connection after the answer. A client that is still sending may not receive the answer.
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
 * Calls a listener once a request or its connection has ended, because node:http emits no close event for requests that
 * it has answered.
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

/** Whether a request declares a body that is too large to be discarded just to reuse the connection. */
export function hasLargeLength({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length']) > SMALL_BODY_BYTES;
}
