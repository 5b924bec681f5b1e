import type { IncomingMessage, Server } from 'node:http';
import { invalid } from '../errors';

/**
 * Options of a server whose listeners get every request. node:http would answer one without a Host by itself, and so
 * thousands in one turn of the event loop, which nobody counts.
 */
export const EVERY_REQUEST = { requireHostHeader: false } as const;

/** The same of one that expects what node:http does not know: a server need not heed it. */
export function takeEveryRequest(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}

/** What is wrong with a request that has no Host: https://www.rfc-editor.org/rfc/rfc9112#section-3.2-6 */
export function hostFault({ httpVersion, headers }: IncomingMessage) {
  return headers.host === undefined && httpVersion === '1.1' ? invalid('the request has no header Host') : undefined;
}
