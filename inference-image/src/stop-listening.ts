import { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** During a longer turn, more clients may have connected after the check. */
const SHORT_TURN_MS = 0.5;
/** Time limit, in case clients keep connecting. */
const LONGEST_MS = 500;

/**
 * Closes a listener once it has accepted the clients that are already connected: the kernel would otherwise reset their
 * connections and lose their requests. Each turn of the event loop accepts at most one.
 */
export async function stopListening(server: Server): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  let accepted: boolean;
  let startedAt: number;
  const onConnection = () => (accepted = true);
  server.on('connection', onConnection);
  do {
    startedAt = performance.now();
    accepted = false;
    await nextTurn();
  } while ((accepted || performance.now() - startedAt > SHORT_TURN_MS) && startedAt < until);
  server.off('connection', onConnection);
  // HTTP's own `close` would destroy connections whose reply is only partly sent.
  Server.prototype.close.call(server);
}
