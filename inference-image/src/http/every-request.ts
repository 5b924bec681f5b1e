import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { invalid, type ServingError } from '../base/errors';

/**
 * Maximum number of headers, as in common servers. node:http joins each repeated header with all previous ones, which
 * takes time.
 */
const MAX_HEADERS = 100;

/**
 * Options that make node:http pass every request to the listeners. Otherwise, node:http itself answers requests without
 * a Host header. There may be thousands of them in one turn of the event loop, and no limit would count them.
 */
export const EVERY_REQUEST = { requireHostHeader: false } as const;

/**
 * Passes requests with an Expect header to the listeners as well. Unknown expectations are ignored, as HTTP allows. A
 * client that waits for `100 Continue` receives it when its body is needed.
 */
export function routeEveryRequest(server: Server): void {
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.prependListener('request', (request, response) => {
    // node:http does not upgrade the connection, and ignores all data after the request.
    if (request.headers.upgrade !== undefined) response.setHeader('connection', 'close');
  });
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    server.emit('request', request, response);
  });
}

/** Requests whose clients wait for `100 Continue` before they send a body. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Asks a waiting client to send its body. */
export function sendContinue(request: IncomingMessage): void {
  const response = waiting.get(request);
  if (!response) return;
  waiting.delete(request);
  response.writeContinue();
}

/**
 * Whether the client still waits for `100 Continue` before it sends its body. If the request is refused, the next bytes
 * may belong to another request.
 */
export function awaitsContinue(request: IncomingMessage): boolean {
  return waiting.has(request);
}

/**
 * Finds a fault in the headers of a request. Exactly one Host header is required, except that HTTP/1.0 needs none:
 * https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6. Requests with too many headers are refused, because node:http
 * silently drops headers beyond its own limit.
 */
export function headFault({ httpVersion, headers, rawHeaders }: IncomingMessage): ServingError | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return invalid(`the request has more than ${MAX_HEADERS} headers`);
  if (headers.host === undefined) return httpVersion === '1.1' ? invalid('the request has no Host header') : undefined;
  return isRepeated('host', rawHeaders) ? invalid('the request has more than one Host header') : undefined;
}

/** Whether a header that the request has occurs again. node:http keeps the first Host header and drops the others. */
function isRepeated(header: string, rawHeaders: readonly string[]): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    if (name.length === header.length && name.toLowerCase() === header) count++;
  }
  return count > 1;
}
