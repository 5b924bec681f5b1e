import { Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

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

const POLL_MS = 50;

export interface Closing {
  /** Whether the server is working on a request; while it is, no client is disconnected. */
  readonly isBusy: () => boolean;
  /** Time after which all remaining clients are disconnected as soon as the server has no work. @default - no limit */
  readonly queueTimeoutSeconds?: number;
  /** Byte count of a connection, which grows while its client makes progress. */
  readonly bytesOf: (socket: Socket) => number;
  /** Time after which a client is disconnected if no connection has made progress. */
  readonly patienceMs: (socket: Socket) => number;
}

/**
 * Resolves once every connection is closed; clients that take too long are disconnected. The caller must have stopped
 * accepting connections.
 */
export async function closeClients(
  sockets: Pick<ReadonlySet<Socket>, 'size' | 'keys'>,
  { isBusy, queueTimeoutSeconds = Infinity, bytesOf, patienceMs }: Closing,
): Promise<void> {
  const endsAt = performance.now() + 1000 * queueTimeoutSeconds;
  let bytes = 0;
  for (let quietMs = 0; sockets.size > 0; quietMs += POLL_MS) {
    const open = [...sockets.keys()];
    const total = open.reduce((sum, socket) => sum + bytesOf(socket), 0);
    const busy = isBusy();
    if (busy || total !== bytes) quietMs = 0;
    bytes = total;
    const isExpired = !busy && performance.now() > endsAt;
    for (const socket of open) if (isExpired || quietMs >= patienceMs(socket)) socket.destroy();
    await sleep(POLL_MS);
  }
}

/**
 * Time at which a connection that opens now expires, in performance.now() milliseconds. The age varies randomly by up
 * to 10%, so that connections that opened together do not all reconnect together.
 */
export function expiryOf(maxAgeSeconds: number): number {
  return performance.now() + maxAgeSeconds * (0.9 + 0.2 * Math.random()) * 1000;
}
