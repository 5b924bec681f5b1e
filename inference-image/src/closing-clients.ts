import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

export interface Closing {
  /** Whether a request is being worked on here, so that its client is not the one to blame. */
  readonly isBusy: () => boolean;
  /** How long all clients together may take while nothing is worked on. @default - any time */
  readonly queueTimeoutSeconds?: number;
  /** Bytes of a connection that show that its client goes on. */
  readonly bytesOf: (socket: Socket) => number;
  /** How long a client may take while no connection goes on. */
  readonly patienceMs: (socket: Socket) => number;
}

/** Resolves once every connection is closed: clients that take too long are cut. New connections must not come. */
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
    const isOver = !busy && performance.now() > endsAt;
    for (const socket of open) if (isOver || quietMs >= patienceMs(socket)) socket.destroy();
    await sleep(POLL_MS);
  }
}
