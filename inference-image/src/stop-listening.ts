import { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** In a turn that took longer, others may have connected since it looked. */
const SHORT_TURN_MS = 0.5;
/** Where clients never cease to connect. */
const LONGEST_MS = 500;

/**
 * Closes a listener once it has accepted those that have connected: the kernel would reset them, together with the
 * requests that they have sent. Each turn of the event loop accepts one at most.
 */
export async function stopListening(server: Server): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  let accepted: boolean;
  let begun: number;
  const onConnection = () => (accepted = true);
  server.on('connection', onConnection);
  do {
    begun = performance.now();
    accepted = false;
    await nextTurn();
  } while ((accepted || performance.now() - begun > SHORT_TURN_MS) && begun < until);
  server.off('connection', onConnection);
  // Not http's own close: it destroys connections whose reply is not all sent.
  Server.prototype.close.call(server);
}
