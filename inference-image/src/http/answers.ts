import type { FastifyInstance } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { headerBytes, type MemoryBudget } from '../budget/memory-budget';
import type { UnreadAnswers } from '../budget/unread-answers';
import type { Metrics } from '../metrics/metrics';

/** Answers below this size fit in the operating system's buffers, even if their clients do not read. */
const SMALL_LENGTH = 16 * 1024;
const TINY_LENGTH = 1024;

/**
 * Counts the answers of routes other than inference until their clients have read them. Answers that are Buffers are
 * not counted, because all requests share them.
 */
export function limitAnswers(
  app: FastifyInstance,
  {
    budget,
    unread,
    metrics,
  }: { readonly budget: MemoryBudget; readonly unread: UnreadAnswers; readonly metrics: Metrics },
): void {
  app.addHook('onSend', ({ raw: request }, { raw: response }, payload, done) => {
    const { length } = (payload ?? '') as string | Buffer;
    // Tiny answers, such as those of health checks, are always sent.
    if (length >= TINY_LENGTH) unread.assertRoom(request.socket);
    unread.assertFits(length);
    unread.sent(request.socket, length);
    if (typeof payload !== 'string' || length < SMALL_LENGTH) return done();
    const holding = budget.open(headerBytes(request.rawHeaders));
    onceClosed(request, response, () => holding.release());
    holding.add(2 * length);
    holding.waitForClient(() => {
      metrics.observeDrop('unread');
      request.socket.destroy();
    });
    done();
  });
}

/** Calls a listener once a reply is sent, or can no longer be sent. */
export function onceClosed(request: IncomingMessage, response: ServerResponse, listener: () => void): void {
  // Uses `on`, because `once` would create a closure, and a reply closes only once.
  response.on('close', listener);
  if (response.socket) return;
  // A reply that waits for earlier replies emits no close event if its connection closes.
  const { socket } = request;
  socket.setMaxListeners(0).once('close', listener);
  response.once('close', () => socket.off('close', listener));
}
