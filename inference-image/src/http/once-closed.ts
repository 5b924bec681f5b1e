import type { IncomingMessage, ServerResponse } from 'node:http';

/** Calls a listener once a reply has been handed over, or never will be. */
export function onceClosed(request: IncomingMessage, response: ServerResponse, listener: () => void): void {
  // Not `once`, which would take a closure more: a reply closes once.
  response.on('close', listener);
  if (response.socket) return;
  // A reply behind others on its connection does not close with it.
  const { socket } = request;
  socket.setMaxListeners(0).once('close', listener);
  response.once('close', () => socket.off('close', listener));
}
