import type { FastifyInstance } from 'fastify';
import { headerBytes } from '../budget/holding';
import type { MemoryBudget } from '../budget/memory-budget';
import type { Metrics } from '../metrics/metrics';
import { onceClosed } from './once-closed';
import type { UnreadAnswers } from '../budget/unread-answers';

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
