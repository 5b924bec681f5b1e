import type { Connection } from './connection';

/** Limit on idle calls. Each takes about 7 KiB, which the budget does not count (docs/decisions/0015). */
const MAX_IDLE_CALLS = 2048;

/** A call that holds no memory of the budget. */
export interface IdleCall {
  readonly connection: Connection | undefined;
  /** Ends the call, because another call needs its place. */
  makeRoom(): void;
}

/**
 * Calls that hold no memory of the budget: they wait for the first byte of a message, their answer was sent, or they
 * watch a health status. Their number is limited instead; at the limit, the calls that have been idle longest are
 * ended.
 */
export class IdleCalls {
  private readonly calls = new Set<IdleCall>();
  private isMakingRoom = false;

  add(call: IdleCall): void {
    this.calls.add(call);
    if (this.calls.size > MAX_IDLE_CALLS && !this.isMakingRoom) this.makeRoom();
  }

  delete(call: IdleCall): void {
    this.calls.delete(call);
  }

  /**
   * Ends the connection with the oldest idle call, among connections whose calls are all idle; returns false if there
   * is none. Without this, a client that only watches would keep its connection indefinitely.
   */
  endConnection(): boolean {
    const counts = new Map<Connection, number>();
    for (const { connection } of this.calls) if (connection) counts.set(connection, (counts.get(connection) ?? 0) + 1);
    for (const [connection, count] of counts) {
      if (count < connection.calls || connection.hasEnded) continue;
      connection.end();
      return true;
    }
    return false;
  }

  /** Ends two calls for each new one, because a call whose client does not read remains until its connection ends. */
  private makeRoom(): void {
    this.isMakingRoom = true;
    let left = 2;
    for (const oldest of this.calls) {
      this.calls.delete(oldest);
      oldest.makeRoom();
      if (--left === 0) break;
    }
    this.isMakingRoom = false;
  }
}
