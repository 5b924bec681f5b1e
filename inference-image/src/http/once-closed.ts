import type { IncomingMessage, ServerResponse } from 'node:http';

/** Calls a listener once a reply is sent, or can no longer be sent. */
export function onceClosed(request: IncomingMessage, response: ServerResponse, listener: () => void): void {
  // Uses `on`, because `once` would create a closure, and a reply closes only once.
  response.on('close', listener);
  if (response.socket) return;
  // A reply that waits for earlier replies emits no close event if its connection closes.
  const { socket } = request;
  socket.setMaxListeners(0).once('close', listener);
  response.once('close', () => socket.off('close', listener));
}
