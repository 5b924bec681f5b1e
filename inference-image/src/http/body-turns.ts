import type { IncomingMessage } from 'node:http';
import { hasRead } from './reading-turns';

const TURN_BYTES = 64 * 1024;

/** Lets other clients have their turn after each part of a body: node:http reads two mebibytes of a fast client at once. */
export class Turns {
  private bytes = 0;

  /** @param pauseMs How long the others' turn lasts at least. */
  constructor(
    private readonly request: IncomingMessage,
    private readonly pauseMs = 0,
  ) {}

  /** So many bytes more have been read. */
  read(bytes: number): void {
    hasRead(this.request.socket);
    this.bytes += bytes;
    if (this.bytes < TURN_BYTES) return;
    this.bytes = 0;
    this.request.pause();
    if (this.pauseMs > 0) setTimeout(resume, this.pauseMs, this.request);
    else setImmediate(resume, this.request);
  }
}

function resume(request: IncomingMessage): void {
  request.resume();
}
