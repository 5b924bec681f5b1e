import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { MemoryFullError } from '../errors';
import type { Metrics } from '../metrics/metrics';

const MIB = 1024 * 1024;

/** Bytes of answers that clients may leave with the operating system, whose memory is the container's as well. */
const LIMIT_BYTES = 16 * MIB;
/** Where there is more, the slowest readers are cut until no more than the second is left. */
const CROWDED_BYTES = 12 * MIB;
const ROOMY_BYTES = 8 * MIB;
/** The most that the operating system takes of a connection, by its own default. What is more waits in the budget. */
const CONNECTION_BYTES = 4 * MIB;
/** How long a client is watched before it may make room for others. */
const WATCHED_MS = 100;
const SWEEP_MS = 1000;
/** A table that was read so long ago is as good as a new one for who is refused. */
const REFRESH_MS = 20;
/** Part of the time that looks may take: clients that have gone leave rows, a hundred thousand in a minute. */
const LOOKING_SHARE = 1 / 10;

/** Tables of the connections of this network namespace: https://docs.kernel.org/networking/proc_net_tcp.html */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
const ROW = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/gm;

/** What its client had read, in bytes, when it was first seen with unread bytes, and when that was. */
interface Behind {
  readonly read: number;
  readonly since: number;
}

/**
 * What the operating system has of answers that are not read yet: up to 4 MiB of each connection. Node tells neither how
 * much nor how long, and has no bound for it; Linux tells by connection. Elsewhere nothing is bounded.
 */
export class UnreadAnswers {
  private bytes = 0;
  private nextLookAt = -Infinity;
  private readonly ports = new Set<number>();
  /** Undefined for a client that has read all. */
  private readonly watched = new Map<Socket, Behind | undefined>();

  constructor(private readonly metrics: Pick<Metrics, 'observeDrop'>) {
    // What is counted is never less than what there is.
    setInterval(() => this.bytes > ROOMY_BYTES && this.look(), SWEEP_MS).unref();
  }

  /** Cuts a connection whose client reads slowly, where others have no room. */
  watch(socket: Socket): void {
    if (socket.localPort !== undefined) this.ports.add(socket.localPort);
    this.watched.set(socket, undefined);
    socket.once('close', () => this.watched.delete(socket));
  }

  /** Counts an answer handed to the operating system; until the next look, it counts in full, up to 4 MiB. */
  sent(bytes: number): void {
    this.bytes += Math.min(bytes, CONNECTION_BYTES);
  }

  /** @throws ServingError `rejected` where there is no room for more answers. */
  assertRoom(): void {
    if (this.bytes <= LIMIT_BYTES) return;
    if (performance.now() > this.nextLookAt) this.look();
    if (this.bytes <= LIMIT_BYTES) return;
    throw new MemoryFullError(`clients have not read ${this.bytes} bytes of answers; try again later`);
  }

  private look(): void {
    const unread = this.measure();
    const now = performance.now();
    const slow: Array<{ socket: Socket; queued: number; speed: number }> = [];
    for (const [socket, behind] of this.watched) {
      const queued = unread.get(keyOf(socket.localPort, socket.remotePort)) ?? 0;
      const read = socket.bytesWritten - socket.writableLength - queued;
      const since = behind?.since ?? now;
      if (queued === 0 || !behind) this.watched.set(socket, queued === 0 ? undefined : { read, since });
      else if (now - since >= WATCHED_MS) slow.push({ socket, queued, speed: (read - behind.read) / (now - since) });
    }
    if (this.bytes > CROWDED_BYTES) this.makeRoom(slow);
  }

  /** The slowest readers go first. */
  private makeRoom(slow: Array<{ socket: Socket; queued: number; speed: number }>): void {
    slow.sort((a, b) => a.speed - b.speed);
    for (const { socket, queued } of slow) {
      if (this.bytes <= ROOMY_BYTES) return;
      this.metrics.observeDrop('unread');
      // The operating system would keep the bytes of a connection that ends in any other way.
      socket.resetAndDestroy();
      this.bytes -= queued;
    }
  }

  /** Looks how much is unread. @returns Bytes by connection, as `keyOf` names it. */
  private measure(): ReadonlyMap<string, number> {
    const unread = new Map<string, number>();
    this.bytes = 0;
    const began = performance.now();
    for (const table of TABLES) {
      for (const [, local, remote, queue] of textOf(table).matchAll(ROW)) {
        const port = parseInt(local as string, 16);
        const bytes = parseInt(queue as string, 16);
        if (bytes === 0 || !this.ports.has(port)) continue;
        unread.set(keyOf(port, parseInt(remote as string, 16)), bytes);
        this.bytes += bytes;
      }
    }
    const ended = performance.now();
    this.nextLookAt = ended + Math.max(REFRESH_MS, (ended - began) / LOOKING_SHARE);
    return unread;
  }
}

/** A connection; clients of different addresses may share one. */
function keyOf(localPort: number | undefined, remotePort: number | undefined): string {
  return `${localPort} ${remotePort}`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
