import type { IncomingMessage } from 'node:http';

const TURN_BYTES = 64 * 1024;

/** Lets other clients have their turn after each part of a body: node:http reads two mebibytes of a fast client at once. */
export class Turns {
  private bytes = 0;

  constructor(private readonly request: IncomingMessage) {}

  /** So many bytes more have been read. */
  read(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes < TURN_BYTES) return;
    this.bytes = 0;
    this.request.pause();
    setImmediate(resume, this.request);
  }
}

function resume(request: IncomingMessage): void {
  request.resume();
}
