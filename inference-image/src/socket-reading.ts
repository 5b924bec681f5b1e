import type { Socket } from 'node:net';

/**
 * The handle of a socket. node:http and node:http2 read from it themselves, so `pause` of the socket does not stop them.
 * Node does not document it: where it lacks these methods, reading goes on.
 */
interface Handle {
  /** Whether the user of the socket wants it read, as node:http notes it. */
  readonly reading?: boolean;
  readStop?(): void;
  readStart?(): void;
}

/** Stops reading from a socket, whatever reads from it. */
export function stopReading(socket: Socket): void {
  handleOf(socket)?.readStop?.();
}

/** Reads from a socket again. */
export function startReading(socket: Socket): void {
  handleOf(socket)?.readStart?.();
}

/** Whether node:http would read from a socket: it would not where the request has been paused. */
export function isWantedRead(socket: Socket): boolean {
  return handleOf(socket)?.reading === true;
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle;
}
