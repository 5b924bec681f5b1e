import type { Socket } from 'node:net';
import { isWantedRead, startReading, stopReading } from '../socket-reading';

/** How long a turn of the event loop may read of connections. Others, and what has been begun, come after it. */
const TURN_MS = 5;
/** How long connections are accepted after that, before any is read: there is one in each turn of the event loop. */
const ACCEPT_MS = 5;
/** What a connection counts as having taken until it is read: it comes after those that are known to take little. */
const NEW_MS = 0.5;
/** A request counts as no more: what comes after it may be a collection of garbage, or another process. */
const MAX_REQUEST_MS = 2;
/** What a connection has taken counts half after so long. */
const HALF_LIFE_MS = 1000;

/** What a connection takes of the turns. */
export interface Share {
  readonly socket: Socket;
  readonly turns: ReadingTurns;
  /** Milliseconds of late; `NEW_MS` until it is read. */
  takenMs: number;
  /** Milliseconds that came of its last read; Infinity until it is read. */
  lastMs: number;
}

const ofSocket = new WeakMap<Socket, Share>();

/** Something of a connection has been read. */
export function hasRead(socket: Socket): void {
  const share = ofSocket.get(socket);
  share?.turns.hasRead(share, performance.now());
}

/**
 * Ends the reading of connections where it has taken long, until the next turn of the event loop. Node would read 64 KiB
 * of each of a thousand connections in one, however long what comes of them takes: a request of a few kilobytes can take
 * a millisecond to parse. The next turn begins with those that have taken least of late, and of new ones with the newest;
 * and the one after it with those whose last read took least: a client that asks little at a time, and often, would else
 * wait for hundreds that have taken less so far.
 */
export class ReadingTurns {
  /** The oldest connection first. */
  private readonly shares = new Set<Share>();
  private halvedAt = 0;
  private byLast = false;
  private beganAt?: number;
  private isStopped = false;
  private hasAccepted = false;
  private acceptsUntil?: number;
  /** What has been read last, and since when that is worked on. */
  private last?: Share;
  private lastAt = 0;

  add(socket: Socket): Share {
    const share = { socket, turns: this, takenMs: NEW_MS, lastMs: Infinity };
    this.shares.add(share);
    ofSocket.set(socket, share);
    this.hasAccepted = true;
    if (this.isStopped) stopReading(socket);
    return share;
  }

  delete(share: Share): void {
    this.shares.delete(share);
  }

  /** @param now As performance.now() counts milliseconds. */
  hasRead(share: Share, now: number): void {
    if (share.takenMs === NEW_MS) share.takenMs = 0;
    if (this.beganAt === undefined) {
      this.beganAt = now;
      this.last = undefined;
      setImmediate(this.end);
    } else {
      this.charge(now);
      if (!this.isStopped && now - this.beganAt > TURN_MS) this.stop();
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
    this.beganAt = this.acceptsUntil = undefined;
    if (!this.isStopped) return;
    this.isStopped = false;
    this.charge(now);
    this.last = undefined;
    this.byLast = !this.byLast;
    const order = this.byLast ? byLast : byTaken;
    const inTurn = [...this.shares].reverse().sort(order);
    // Unless it has been paused meanwhile by whoever uses it.
    for (const { socket } of inTurn) if (isWantedRead(socket)) startReading(socket);
    if (now - this.halvedAt < HALF_LIFE_MS) return;
    this.halvedAt = now;
    for (const share of this.shares) if (share.takenMs !== NEW_MS) share.takenMs /= 2;
  };
}

function byTaken(a: Share, b: Share): number {
  return a.takenMs - b.takenMs;
}

function byLast(a: Share, b: Share): number {
  // Two that have not been read are equal.
  return a.lastMs === b.lastMs ? 0 : a.lastMs - b.lastMs;
}
