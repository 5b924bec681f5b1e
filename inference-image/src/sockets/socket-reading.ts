import type { Socket } from 'node:net';

/**
 * The handle of a socket. node:http and node:http2 read from the handle directly, so pausing the socket does not stop
 * them. Node does not document handles; if one lacks these methods, reading continues.
 */
interface Handle {
  /** Whether the owner of the socket wants to read from it, as recorded by node:http. */
  readonly reading?: boolean;
  readStop?(): void;
  readStart?(): void;
}

/** Stops reading from a socket, whichever module reads from it. */
export function stopReading(socket: Socket): void {
  handleOf(socket)?.readStop?.();
}

/** Resumes reading from a socket. */
export function startReading(socket: Socket): void {
  handleOf(socket)?.readStart?.();
}

/** Whether node:http wants to read from a socket; it does not while the request is paused. */
export function isReadWanted(socket: Socket): boolean {
  return handleOf(socket)?.reading === true;
}

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as unknown as { _handle?: Handle | null })._handle;
}
