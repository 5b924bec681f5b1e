import { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Duration of a turn of the event loop that counts as short. During a longer turn, more clients may have connected. */
const SHORT_TURN_MS = 0.5;
/** Time limit for accepting, in case clients keep connecting. */
const LONGEST_MS = 500;

/**
 * Closes a listener once it has accepted the clients that are already connected. Otherwise, the kernel would reset
 * their connections and their requests would be lost. Each turn of the event loop accepts at most one client.
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
  // The `close` of http.Server would destroy connections whose reply is only partly sent.
  Server.prototype.close.call(server);
}
