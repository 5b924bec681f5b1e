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
 * Shares the turns of the event loop among connections. Node would read 2 MiB of one at once, or 64 KiB of each of a
 * thousand, and serve all of that before any other client.
 */
export class Turns {
  private work = 0;
  private hasBegun = false;
  /** The one that was read last is the last, with what it made in that turn; undefined until it is read. */
  private readonly sources = new Map<Source, number | undefined>();
  /** What each source has made in this turn. */
  private readonly made = new Map<Source, number>();
  /** Those that have made enough, and what they made in their last turn. */
  private readonly paused = new Map<Source, number>();
  /** This turn has had its work: nothing more is read in it. */
  private isFull = false;
  private hasPolled = false;
  private beginsWithLeast = false;

  /** From now on the source is read as the turns allow. */
  join(source: Source): void {
    this.sources.set(source, undefined);
    if (this.isFull) source.stopReading();
  }

  /**
   * Counts work. Where a source has made enough in this turn, nothing more is read of it until another.
   * @returns Whether there may be more of it in this turn.
   */
  add(source: Source, work: number): boolean {
    if (!this.hasBegun) this.begin();
    const made = (this.made.get(source) ?? 0) + work;
    this.made.set(source, made);
    this.work += work;
    if (this.work > WORK_PER_TURN && !this.isFull) this.fill();
    const isBusy = this.work > WORK_PER_TURN || this.paused.size > 0;
    if (made < (isBusy ? CALL_WORK : WORK_PER_CONNECTION)) return true;
    if (!this.paused.has(source)) source.stopReading();
    this.paused.set(source, made);
    return false;
  }

  /** Forgets a source that is gone. */
  delete(source: Source): void {
    this.sources.delete(source);
    this.paused.delete(source);
  }

  private begin(): void {
    this.hasBegun = true;
    setImmediate(this.end);
  }

  private fill(): void {
    this.isFull = true;
    for (const source of this.sources.keys()) if (!this.paused.has(source)) source.stopReading();
  }

  private readonly end = (): void => {
    // libuv keeps the order of those that it has seen ready until it has seen that nobody reads them.
    if (this.isFull && !this.hasPolled) {
      this.hasPolled = true;
      setImmediate(this.end);
      return;
    }
    this.hasBegun = this.hasPolled = false;
    this.work = 0;
    for (const [source, made] of this.made) if (this.sources.delete(source)) this.sources.set(source, made);
    this.made.clear();
    // As many as make enough work for a turn if they go on as they did. The turn of others is after theirs.
    const inTurn: Source[] = [];
    let work = 0;
    for (const [source, made] of this.paused) {
      if (work >= WORK_PER_TURN) break;
      work += made;
      this.paused.delete(source);
      inTurn.push(source);
    }
    if (this.paused.size > 0) this.begin();
    for (const source of this.isFull ? this.unpaused() : inTurn) source.readOn();
    this.isFull = false;
  };

  /**
   * In the order in which they are read. Of each two turns, one begins with those that make little at a time; the other
   * with the newest that has not been read yet, and goes on with whoever has waited longest.
   */
  private unpaused(): readonly Source[] {
    this.beginsWithLeast = !this.beginsWithLeast;
    const all = [...this.sources].filter(([source]) => !this.paused.has(source));
    const isNew = ([, made]: [Source, number | undefined]) => made === undefined;
    const inTurn = this.beginsWithLeast
      ? all.sort(([, a = Number.MAX_VALUE], [, b = Number.MAX_VALUE]) => a - b)
      : [...all.filter(isNew).reverse(), ...all.filter((each) => !isNew(each))];
    return inTurn.map(([source]) => source);
  }
}
