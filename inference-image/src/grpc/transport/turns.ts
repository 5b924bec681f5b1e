/** What a call, or a message of a stream, is as work; a chunk of a message is 1. */
export const CALL_WORK = 4;

/** Work that one connection may make in a turn of the event loop, of which one read is 64 KiB. */
const WORK_PER_CONNECTION = 64;
/** Work that all connections may make in a turn before each is held to a call, until all have had their turns. */
const WORK_PER_TURN = 128;

/** Whoever makes work by what is read of it. */
export interface Source {
  stopReading(): void;
  readOn(): void;
}

/**
 * Shares the turns of the event loop among connections. Node would read 2 MiB of one at once, and serve all of that
 * before any other client.
 */
export class Turns {
  private work = 0;
  private hasBegun = false;
  /** What each source has made in this turn. */
  private readonly made = new Map<Source, number>();
  /** Those that have made enough, and what they made in their last turn. */
  private readonly paused = new Map<Source, number>();

  /**
   * Counts work. Where a source has made enough in this turn, nothing more is read of it until another.
   * @returns Whether there may be more of it in this turn.
   */
  add(source: Source, work: number): boolean {
    if (!this.hasBegun) this.begin();
    const made = (this.made.get(source) ?? 0) + work;
    this.made.set(source, made);
    this.work += work;
    const isBusy = this.work > WORK_PER_TURN || this.paused.size > 0;
    if (made < (isBusy ? CALL_WORK : WORK_PER_CONNECTION)) return true;
    if (!this.paused.has(source)) source.stopReading();
    this.paused.set(source, made);
    return false;
  }

  /** Forgets a source that is gone. */
  delete(source: Source): void {
    this.paused.delete(source);
  }

  private begin(): void {
    this.hasBegun = true;
    setImmediate(this.end);
  }

  private readonly end = (): void => {
    this.hasBegun = false;
    this.work = 0;
    this.made.clear();
    // As many as make enough work for a turn if they go on as they did. The turn of others is after theirs.
    let work = 0;
    for (const [source, made] of this.paused) {
      if (work >= WORK_PER_TURN) return this.begin();
      work += made;
      this.paused.delete(source);
      source.readOn();
    }
  };
}
