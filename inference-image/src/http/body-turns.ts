import type { IncomingMessage } from 'node:http';
import { recordRead } from './reading-turns';

const TURN_BYTES = 64 * 1024;

/**
 * Pauses the reading of a body after each 64 KiB, so that other clients get their turns: node:http reads up to 2 MiB at
 * once from a fast client.
 */
export class BodyTurns {
  private bytes = 0;

  /** @param pauseMs Minimum length of a pause. @default - one turn of the event loop */
  constructor(
    private readonly request: IncomingMessage,
    private readonly pauseMs = 0,
  ) {}

  /** Counts bytes that were read. */
  read(bytes: number): void {
    recordRead(this.request.socket);
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
