import type { FastifyInstance } from 'fastify';
import type { MemoryBudget } from '../budget/memory-budget';
import type { Metrics } from '../metrics/metrics';
import { onceClosed } from './once-closed';

/** Smaller answers go to the operating system as a whole, whether their clients read them or not. */
const SMALL_CHARACTERS = 16 * 1024;

/** Counts what is answered to requests other than inference until it is read. Buffers are the same for all requests. */
export function limitAnswers(
  app: FastifyInstance,
  { budget, metrics }: { readonly budget: MemoryBudget; readonly metrics: Metrics },
): void {
  app.addHook('onSend', ({ raw: request }, { raw: response }, payload, done) => {
    if (typeof payload !== 'string' || payload.length < SMALL_CHARACTERS) return done();
    const holding = budget.open();
    onceClosed(request, response, () => holding.release());
    holding.add(2 * payload.length);
    holding.waitForClient(() => {
      metrics.observeDrop('unread');
      request.socket.destroy();
    });
    done();
  });
}
