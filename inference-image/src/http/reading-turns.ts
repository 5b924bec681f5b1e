import type { Socket } from 'node:net';

/** How long a turn of the event loop may read of connections. Others, and what has been begun, come after it. */
const TURN_MS = 5;
/** How long connections are accepted after that, before any is read: there is one in each turn of the event loop. */
const ACCEPT_MS = 5;
/** What a connection counts as having taken until it is read: it comes after those that are known to take little. */
const NEW_MS = 0.5;
/** What a connection has taken counts half after so long. */
const HALF_LIFE_MS = 1000;

/** The handle of a socket, which node:http reads from by itself. */
interface Handle {
  /** Whether the socket is to be read, as node:http keeps it. */
  readonly reading?: boolean;
  readStop?(): void;
  readStart?(): void;
}

const ofSocket = new WeakMap<Socket, ReadingTurns>();

/** Something of a connection has been read. */
export function hasRead(socket: Socket): void {
  ofSocket.get(socket)?.hasRead(socket);
}

/**
 * Ends the reading of connections where it has taken long, until the next turn of the event loop. Node would read 64 KiB
 * of each of a thousand connections in one, however long what comes of them takes: a request of a few kilobytes can take
 * a millisecond to parse. The next turn begins with those that have taken least of late, and of new ones with the newest.
 */
export class ReadingTurns {
  /** Milliseconds that each connection has taken of late; the oldest connection first. */
  private readonly taken = new Map<Socket, number>();
  private halvedAt = 0;
  private beganAt?: number;
  private isStopped = false;
  private hasAccepted = false;
  private acceptsUntil?: number;
  /** What has been read last, and since when that is worked on. */
  private last?: Socket;
  private lastAt = 0;

  add(socket: Socket): void {
    this.taken.set(socket, NEW_MS);
    ofSocket.set(socket, this);
    this.hasAccepted = true;
    if (this.isStopped) handleOf(socket)?.readStop?.();
  }

  delete(socket: Socket): void {
    this.taken.delete(socket);
  }

  hasRead(socket: Socket): void {
    const now = performance.now();
    if (this.taken.get(socket) === NEW_MS) this.taken.set(socket, 0);
    if (this.beganAt === undefined) {
      this.beganAt = now;
      setImmediate(this.end);
    } else {
      this.charge(now);
      if (!this.isStopped && now - this.beganAt > TURN_MS) this.stop();
    }
    this.last = socket;
    this.lastAt = now;
  }

  private charge(now: number): void {
    const taken = this.last && this.taken.get(this.last);
    if (taken !== undefined) this.taken.set(this.last as Socket, taken + now - this.lastAt);
  }

  private stop(): void {
    this.isStopped = true;
    this.hasAccepted = true;
    for (const socket of this.taken.keys()) handleOf(socket)?.readStop?.();
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
    const inTurn = [...this.taken].reverse().sort(([, a], [, b]) => a - b);
    for (const [socket] of inTurn) readOn(socket);
    if (now - this.halvedAt < HALF_LIFE_MS) return;
    this.halvedAt = now;
    for (const [socket, taken] of this.taken) if (taken !== NEW_MS) this.taken.set(socket, taken / 2);
  };
}

/** Unless it has been paused meanwhile by whoever uses it. */
function readOn(socket: Socket): void {
  const handle = handleOf(socket);
  if (handle?.reading) handle.readStart?.();
}

function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as { _handle?: Handle })._handle;
}
