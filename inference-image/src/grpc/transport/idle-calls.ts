import type { Call } from './call';
import type { Connection } from './connection';

/** What a call without a message takes is not in the budget: some 7 KiB each (docs/decisions/0015). */
const MAX_IDLE_CALLS = 2048;

/**
 * The calls that hold nothing of the budget: no byte of a message has come yet, or its answer is taken, or they watch.
 * They are bounded by their number instead. The one that has been idle for longest makes room for a new one.
 */
export class IdleCalls {
  private readonly calls = new Set<Call>();
  private isMakingRoom = false;

  add(call: Call): void {
    this.calls.add(call);
    if (this.calls.size > MAX_IDLE_CALLS && !this.isMakingRoom) this.makeRoom();
  }

  delete(call: Call): void {
    this.calls.delete(call);
  }

  /**
   * Ends the connection all of whose calls are idle, and one of them for longest; false where there is none. A client
   * that watches, and asks nothing, would else have its place for ever.
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

  /** Two for each new one: where a client does not read, one that was told to end is here until its connection ends. */
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
