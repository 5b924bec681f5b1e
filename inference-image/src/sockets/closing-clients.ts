import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

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
