import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { MemoryFullError } from '../errors';
import type { Metrics } from '../metrics/metrics';
import type { MemoryBudget } from './memory-budget';

const MIB = 1024 * 1024;

/** Bytes of answers that clients may leave with the operating system, whose memory is the container's as well. */
const MIN_LIMIT_BYTES = 16 * MIB;
/** The same as a part of the budget, where that is more: a few clients of large answers leave as much for a moment. */
const LIMIT_SHARE = 1 / 16;
/** The most that the operating system takes of a connection, by its own default. What is more waits in the budget. */
const CONNECTION_BYTES = 4 * MIB;
/** Part of the limit: above it, clients that read slowly are cut. */
const CROWDED_SHARE = 1 / 2;
/** How long a client is watched before it may be cut, and what it must read meanwhile, in bytes a second. */
const PATIENCE_MS = 2000;
const MIN_SPEED = 64 * 1024;
/** So much may be sent to a client that has read all so far, even where there is no room for more. */
const SMALL_BYTES = 16 * 1024;
const SWEEP_MS = 1000;
/** A table that was read so long ago is as good as a new one for who is refused. */
const REFRESH_MS = 20;
/** Part of the time that looks may take: clients that have gone leave rows, a hundred thousand in a minute. */
const LOOKING_SHARE = 1 / 10;

/** Tables of the connections of this network namespace: https://docs.kernel.org/networking/proc_net_tcp.html */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6'];
const ROW = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):([0-9A-F]{8}) /gm;

interface Watched {
  /** What its client had read, in bytes, when it was first seen with unread bytes, and when that was; unless it has read all. */
  behind?: { readonly read: number; readonly since: number };
  /** Bytes of answers sent since the last look. */
  sent: number;
  /** All bytes written until the last look. */
  written: number;
  /** What had been read of it, in bytes, when it was first seen with more that nobody reads, and when that was. */
  stalled?: { readonly bytesRead: number; readonly since: number };
}

/** What the operating system has of a connection. */
interface Queues {
  /** Bytes of answers that the client has not read. */
  readonly unread: number;
  /** Bytes of requests that have come, and that the server does not read. */
  readonly untaken: number;
}

const NO_QUEUES: Queues = { unread: 0, untaken: 0 };

/**
 * What the operating system has of answers that are not read yet: up to 4 MiB of each connection. Node tells neither how
 * much nor how long, and has no bound for it; Linux tells by connection. Elsewhere nothing is bounded.
 *
 * A client that leaves enough unread is not read any more, by node:http itself, and the operating system keeps what it
 * goes on sending, several MiB of a connection that has sent fast before. That is bounded in the same way.
 */
export class UnreadAnswers {
  private bytes = 0;
  private untakenBytes = 0;
  private unreadAtLook = 0;
  /** Of all answers so far, as they are counted. */
  private sentBytes = 0;
  private isLooking = false;
  private nextLookAt = -Infinity;
  private readonly ports = new Set<number>();
  private readonly watched = new Map<Socket, Watched>();

  constructor(
    private readonly budget: Pick<MemoryBudget, 'totalBytes'>,
    private readonly metrics: Pick<Metrics, 'observeDrop'>,
  ) {
    setInterval(() => (this.isMuch(this.mostUnread()) || this.hasPaused()) && void this.lookLater(), SWEEP_MS).unref();
  }

  /** Cuts a connection whose client reads slowly, where there is much in all. */
  watch(socket: Socket): void {
    if (socket.localPort !== undefined) this.ports.add(socket.localPort);
    this.watched.set(socket, { sent: 0, written: socket.bytesWritten });
    socket.once('close', () => this.watched.delete(socket));
  }

  /** Counts an answer handed to the operating system; until the next look, it counts in full, up to 4 MiB. */
  sent(socket: Socket, bytes: number): void {
    const counted = Math.min(bytes, CONNECTION_BYTES);
    this.bytes += counted;
    this.sentBytes += counted;
    const watched = this.watched.get(socket);
    if (watched) watched.sent += bytes;
    if (this.isMuch(this.bytes) && this.mayLook) void this.lookLater();
  }

  /**
   * Before the work for an answer. One whose client has read all so far is let through even where there is no room: it may
   * be small.
   * @throws ServingError `rejected` where there is no room for more answers.
   */
  assertRoom(socket: Socket): void {
    const watched = this.watched.get(socket);
    if (this.isFull() && !(watched && !watched.behind && watched.sent <= SMALL_BYTES)) throw this.full();
  }

  /**
   * Before an answer is sent.
   * @throws ServingError `rejected` where there is no room for it.
   */
  assertFits(bytes: number): void {
    if (bytes > SMALL_BYTES && this.isFull()) throw this.full();
  }

  private isFull(): boolean {
    if (this.bytes > this.limitBytes && this.mayLook) this.look();
    return this.bytes > this.limitBytes;
  }

  /** Whether the last look is old enough. */
  private get mayLook(): boolean {
    return performance.now() > this.nextLookAt;
  }

  private isMuch(bytes: number): boolean {
    return bytes > CROWDED_SHARE * this.limitBytes;
  }

  /** The budget is known once the model is loaded. */
  private get limitBytes(): number {
    return Math.max(MIN_LIMIT_BYTES, LIMIT_SHARE * this.budget.totalBytes);
  }

  private full(): MemoryFullError {
    return new MemoryFullError(`clients have not read ${this.bytes} bytes of answers; try again later`);
  }

  /** What may be unread since the last look. Answers are not all: HTTP/2 confirms whatever a client sends. */
  private mostUnread(): number {
    let bytes = this.unreadAtLook;
    for (const [socket, { written }] of this.watched) bytes += socket.bytesWritten - written;
    return Math.max(bytes, this.bytes);
  }

  /** Whether a connection is not read. */
  private hasPaused(): boolean {
    for (const socket of this.watched.keys()) if (socket.isPaused()) return true;
    return false;
  }

  /** Looks while the event loop goes on: where the system has large tables, to read them takes 10 ms. */
  private async lookLater(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    const { sentBytes } = this;
    const began = performance.now();
    const texts = await Promise.all(TABLES.map((path) => readFile(path, 'latin1').catch(() => '')));
    this.isLooking = false;
    this.look(texts, began);
    this.bytes += this.sentBytes - sentBytes;
  }

  private look(texts = TABLES.map(textOf), began = performance.now()): void {
    const queues = this.measure(texts, began);
    const now = performance.now();
    for (const [socket, watched] of this.watched) {
      const queue = queues.get(keyOf(socket.localPort, socket.remotePort)) ?? NO_QUEUES;
      const queued = queue.unread;
      if (this.isStalled(socket, watched, queue.untaken, now)) {
        this.cut(socket, queue);
        continue;
      }
      const read = socket.bytesWritten - socket.writableLength - queued;
      watched.sent = 0;
      watched.written = socket.bytesWritten;
      if (queued === 0) watched.behind = undefined;
      else if (!watched.behind) watched.behind = { read, since: now };
      else if (now - watched.behind.since >= PATIENCE_MS) {
        const isSlow = read - watched.behind.read < (MIN_SPEED * (now - watched.behind.since)) / 1000;
        if (isSlow && this.isMuch(this.bytes)) this.cut(socket, queue);
        else watched.behind = { read, since: now };
      }
    }
  }

  /** Whether nothing has been read of it for long, where there is much in all. */
  private isStalled(socket: Socket, watched: Watched, untaken: number, now: number): boolean {
    const { bytesRead } = socket;
    if (untaken === 0) watched.stalled = undefined;
    else if (watched.stalled?.bytesRead !== bytesRead) watched.stalled = { bytesRead, since: now };
    else return now - watched.stalled.since >= PATIENCE_MS && this.isMuch(this.untakenBytes);
    return false;
  }

  private cut(socket: Socket, { unread, untaken }: Queues): void {
    this.metrics.observeDrop('unread');
    // The operating system would keep the bytes of a connection that ends in any other way.
    socket.resetAndDestroy();
    this.bytes -= unread;
    this.untakenBytes -= untaken;
  }

  /** Looks how much there is. @returns By connection, as `keyOf` names it. */
  private measure(texts: readonly string[], began: number): ReadonlyMap<string, Queues> {
    const queues = new Map<string, Queues>();
    this.bytes = this.untakenBytes = 0;
    for (const text of texts) {
      for (const [, local, remote, sent, come] of text.matchAll(ROW)) {
        const port = parseInt(local as string, 16);
        const unread = parseInt(sent as string, 16);
        const untaken = parseInt(come as string, 16);
        // Of a port that is listened on it is a number of connections.
        const other = parseInt(remote as string, 16);
        if (unread + untaken === 0 || other === 0 || !this.ports.has(port)) continue;
        queues.set(keyOf(port, other), { unread, untaken });
        this.bytes += unread;
        this.untakenBytes += untaken;
      }
    }
    this.unreadAtLook = this.bytes;
    const ended = performance.now();
    this.nextLookAt = ended + Math.max(REFRESH_MS, (ended - began) / LOOKING_SHARE);
    return queues;
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
