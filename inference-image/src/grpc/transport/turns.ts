/** Work units of a call, or of a message in a stream. A chunk of a message is 1 unit. */
export const CALL_WORK = 4;

/** Work units that one connection may cause in a turn of the event loop. One read brings up to 64 KiB. */
const WORK_PER_CONNECTION = 64;
/**
 * Work units that all connections together may cause in a turn. Beyond this limit, each connection may make only one
 * call until all have had their turns.
 */
const WORK_PER_TURN = 128;

/** Something that causes work when it is read. */
export interface Source {
  stopReading(): void;
  resumeReading(): void;
}

/**
 * Shares turns of the event loop among connections. Otherwise Node would read 2 MiB from one connection at once, or 64
 * KiB from each of a thousand connections, and process all of it before it reads from any other client.
 */
export class Turns {
  private work = 0;
  private isScheduled = false;
  /**
   * Sources in the order in which they were last read, with the work that they caused in that turn; undefined before
   * the first read.
   */
  private readonly sources = new Map<Source, number | undefined>();
  /** Work of each source in this turn. */
  private readonly made = new Map<Source, number>();
  /** Sources that reached their limit, with the work that they caused in their last turn. */
  private readonly paused = new Map<Source, number>();
  /** Whether this turn is full, so that nothing more is read in it. */
  private isFull = false;
  private hasPolled = false;
  private beginsWithLeast = false;

  /** Adds a source, whose reading is limited from now on. */
  join(source: Source): void {
    this.sources.set(source, undefined);
    if (this.isFull) source.stopReading();
  }

  /**
   * Counts work. A source that reaches its limit in this turn is not read until a later turn.
   * @returns Whether the source may do more in this turn.
   */
  add(source: Source, work: number): boolean {
    if (!this.isScheduled) this.schedule();
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

  /** Removes a closed source. */
  delete(source: Source): void {
    this.sources.delete(source);
    this.paused.delete(source);
  }

  private schedule(): void {
    this.isScheduled = true;
    setImmediate(this.end);
  }

  private fill(): void {
    this.isFull = true;
    for (const source of this.sources.keys()) if (!this.paused.has(source)) source.stopReading();
  }

  private readonly end = (): void => {
    // Polls once more before any source is resumed. libuv keeps reporting ready sockets in the old order until one poll
    // has passed in which none of them was being read, so the new order would otherwise have no effect.
    if (this.isFull && !this.hasPolled) {
      this.hasPolled = true;
      setImmediate(this.end);
      return;
    }
    this.isScheduled = this.hasPolled = false;
    this.work = 0;
    for (const [source, made] of this.made) if (this.sources.delete(source)) this.sources.set(source, made);
    this.made.clear();
    // Resumes sources until they fill a turn, assuming that each causes as much work as last time. The other sources
    // follow in later turns.
    const inTurn: Source[] = [];
    let work = 0;
    for (const [source, made] of this.paused) {
      if (work >= WORK_PER_TURN) break;
      work += made;
      this.paused.delete(source);
      inTurn.push(source);
    }
    if (this.paused.size > 0) this.schedule();
    for (const source of this.isFull ? this.unpaused() : inTurn) source.resumeReading();
    this.isFull = false;
  };

  /**
   * Unpaused sources in the order to read them. Two orders alternate. One begins with the sources that caused the least
   * work. The other begins with the sources that were never read, newest first, followed by those that have waited
   * longest.
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
