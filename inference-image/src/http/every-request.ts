import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { invalid, type ServingError } from '../errors';

/** As common servers have it. Equal ones are joined, each with all before it. */
const MAX_HEADERS = 100;

/**
 * Options of a server whose listeners get every request. node:http would answer one without a Host by itself, and so
 * thousands in one turn of the event loop, which nobody counts.
 */
export const EVERY_REQUEST = { requireHostHeader: false } as const;

/**
 * The same of one that expects what node:http does not know: a server need not heed it. One that waits to be told to go
 * on (`Expect: 100-continue`) is told so when somebody wants its body.
 */
export function takeEveryRequest(server: Server): void {
  server.maxHeadersCount = MAX_HEADERS + 1;
  server.prependListener('request', (request, response) => {
    // node:http ignores the upgrade, and whatever came behind the request with it.
    if (request.headers.upgrade !== undefined) response.setHeader('connection', 'close');
  });
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    server.emit('request', request, response);
  });
}

/** Requests whose clients send no body before they are told to. */
const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Somebody wants the body of a request. */
export function wantBody(request: IncomingMessage): void {
  const response = waiting.get(request);
  if (!response) return;
  waiting.delete(request);
  response.writeContinue();
}

/** Whether a client has sent no body, and will not where its request is refused: what comes next may be another request. */
export function withholdsBody(request: IncomingMessage): boolean {
  return waiting.has(request);
}

/**
 * What is wrong with the head of a request. It must have a Host, as https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6
 * has it. node:http drops headers beyond its limit: a request of more could lack any that it was sent with.
 */
export function headFault({ httpVersion, headers, rawHeaders }: IncomingMessage): ServingError | undefined {
  if (rawHeaders.length > 2 * MAX_HEADERS) return invalid(`the request has more than ${MAX_HEADERS} headers`);
  if (headers.host === undefined && httpVersion === '1.1') return invalid('the request has no header Host');
  return undefined;
}
