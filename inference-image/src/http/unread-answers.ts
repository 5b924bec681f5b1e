import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { MemoryFullError } from '../errors';

const MIB = 1024 * 1024;

/** Bytes of answers that clients may leave with the operating system, whose memory is the container's as well. */
const LIMIT_BYTES = 16 * MIB;
/** A table that was read so long ago is as good as a new one for who is refused. */
const REFRESH_MS = 20;

/** Tables of the connections of this network namespace: https://docs.kernel.org/networking/proc_net_tcp.html */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
const ROW = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;

/**
 * What the operating system has of answers that are not read yet: up to 4 MiB of each connection. Node tells neither how
 * much nor how long, and has no bound for it; Linux tells by connection. Elsewhere nothing is bounded.
 */
export class UnreadAnswers {
  private bytes = 0;
  private measuredAt = -Infinity;
  private port?: number;

  /** Whether there is so much that who reads nothing should be cut. */
  get isMuch(): boolean {
    return this.bytes > LIMIT_BYTES / 2;
  }

  /** An answer goes to the operating system: until the next look, all of it counts. */
  sent(bytes: number): void {
    this.bytes += bytes;
  }

  /** @throws ServingError `rejected` where there is no room for more answers. */
  assertRoom(): void {
    if (this.bytes <= LIMIT_BYTES) return;
    if (performance.now() - this.measuredAt > REFRESH_MS) this.measure();
    if (this.bytes <= LIMIT_BYTES) return;
    throw new MemoryFullError(`clients have not read ${this.bytes} bytes of answers; try again later`);
  }

  /** The port that clients connect to. */
  listensOn(port: number | undefined): void {
    this.port ??= port;
  }

  /** Looks how much is unread. @returns Bytes by connection, as `keyOf` names it. */
  measure(): ReadonlyMap<string, number> {
    const unread = new Map<string, number>();
    this.bytes = 0;
    this.measuredAt = performance.now();
    for (const table of TABLES) {
      for (const [, local, remote, queue] of textOf(table).matchAll(ROW)) {
        const port = parseInt(local as string, 16);
        const bytes = parseInt(queue as string, 16);
        if (port !== this.port || bytes === 0) continue;
        unread.set(parseInt(remote as string, 16).toString(), bytes);
        this.bytes += bytes;
      }
    }
    return unread;
  }
}

/** A connection in what `measure` returns: clients of different addresses may share one. */
export function keyOf({ remotePort }: Socket): string {
  return String(remotePort);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
