import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { invalid } from '../errors';

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

/** What is wrong with a request that has no Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6 */
export function hostFault({ httpVersion, headers }: IncomingMessage) {
  return headers.host === undefined && httpVersion === '1.1' ? invalid('the request has no header Host') : undefined;
}
