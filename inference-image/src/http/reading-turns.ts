import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isReadWanted, startReading, stopReading } from '../sockets/socket-reading';

/**
 * Time that one turn of the event loop may spend on reading connections, before work in progress and the other
 * connections get their turns.
 */
const TURN_MS = 5;
/**
 * Time for which the server accepts new connections after reading was stopped, before any connection is read, because
 * each turn of the event loop accepts only one.
 */
const ACCEPT_MS = 5;
/** Time assumed for a new connection, which is therefore read after connections that are known to take little time. */
const NEW_MS = 0.5;
/** Maximum time charged to a request; garbage collection or another process may have caused the rest. */
const MAX_REQUEST_MS = 2;
/** Interval after which the recorded times are halved. */
const HALF_LIFE_MS = 1000;

/** A connection and the time that it has taken. */
export interface Share {
  readonly socket: Socket;
  readonly turns: ReadingTurns;
  /** Recent processing time in milliseconds; `NEW_MS` until the first read. */
  takenMs: number;
  /** Processing time of the last read in milliseconds; Infinity until the first read. */
  lastMs: number;
}

const shareOf = new WeakMap<Socket, Share>();

/** Records that data was read from a connection. */
export function recordRead(socket: Socket): void {
  const share = shareOf.get(socket);
  share?.turns.recordRead(share, performance.now());
}

/**
 * Stops reading connections for the rest of a turn of the event loop once reading has taken 5 ms. Otherwise Node would
 * read 64 KiB from each of a thousand connections in one turn, although a request of a few kilobytes may take a
 * millisecond to parse.
 *
 * Turns alternate between two orders. One begins with the connections that recently took the least time; new
 * connections are read newest first. The other begins with the connections whose last read took the least time. Without
 * the second order, a client with frequent small requests would wait for hundreds of connections that have taken less
 * time so far.
 */
export class ReadingTurns {
  /** Shares, oldest connection first. */
  private readonly shares = new Set<Share>();
  private halvedAt = 0;
  private byLast = false;
  private startedAt?: number;
  private isStopped = false;
  private hasAccepted = false;
  private acceptsUntil?: number;
  /** Share that was read last, and the time at which its processing started. */
  private last?: Share;
  private lastAt = 0;

  add(socket: Socket): Share {
    const share = { socket, turns: this, takenMs: NEW_MS, lastMs: Infinity };
    this.shares.add(share);
    shareOf.set(socket, share);
    this.hasAccepted = true;
    if (this.isStopped) stopReading(socket);
    return share;
  }

  delete(share: Share): void {
    this.shares.delete(share);
  }

  /** Records a read. @param now Time in performance.now() milliseconds. */
  recordRead(share: Share, now: number): void {
    if (share.takenMs === NEW_MS) share.takenMs = 0;
    if (this.startedAt === undefined) {
      this.startedAt = now;
      this.last = undefined;
      setImmediate(this.end);
    } else {
      this.charge(now);
      if (!this.isStopped && now - this.startedAt > TURN_MS) this.stop();
    }
    if (share !== this.last) share.lastMs = 0;
    this.last = share;
    this.lastAt = now;
  }

  private charge(now: number): void {
    if (!this.last) return;
    const ms = Math.min(now - this.lastAt, MAX_REQUEST_MS);
    this.last.takenMs += ms;
    this.last.lastMs += ms;
  }

  private stop(): void {
    this.isStopped = true;
    this.hasAccepted = true;
    for (const { socket } of this.shares) stopReading(socket);
  }

  private readonly end = (): void => {
    const now = performance.now();
    if (this.isStopped && this.hasAccepted && now < (this.acceptsUntil ??= now + ACCEPT_MS)) {
      this.hasAccepted = false;
      setImmediate(this.end);
      return;
    }
    this.startedAt = this.acceptsUntil = undefined;
    if (!this.isStopped) return;
    this.isStopped = false;
    this.charge(now);
    this.last = undefined;
    this.byLast = !this.byLast;
    const order = this.byLast ? byLast : byTaken;
    const inTurn = [...this.shares].reverse().sort(order);
    // The owner of a socket may have paused it in the meantime.
    for (const { socket } of inTurn) if (isReadWanted(socket)) startReading(socket);
    if (now - this.halvedAt < HALF_LIFE_MS) return;
    this.halvedAt = now;
    for (const share of this.shares) if (share.takenMs !== NEW_MS) share.takenMs /= 2;
  };
}

function byTaken(a: Share, b: Share): number {
  return a.takenMs - b.takenMs;
}

function byLast(a: Share, b: Share): number {
  // If both are Infinity, their difference is NaN.
  return a.lastMs === b.lastMs ? 0 : a.lastMs - b.lastMs;
}

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
