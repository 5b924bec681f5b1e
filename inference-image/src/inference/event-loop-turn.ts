/**
 * Counts what arrives in one turn of the event loop. One client's requests come one a turn, and are best run at once;
 * those of many come several a turn, and are best run together at its end.
 */
export class EventLoopTurn {
  private count = 0;
  private previousCount = 0;

  /** @param atEnd Called at the end of each turn in which something arrived. */
  constructor(private readonly atEnd: () => void) {}

  /** @returns Whether this is alone, as far as can be told: the first of this turn, after a turn of no more than one. */
  arrive(): boolean {
    if (this.count++ === 0) setImmediate(this.end);
    return this.count === 1 && this.previousCount <= 1;
  }

  private readonly end = (): void => {
    this.previousCount = this.count;
    this.count = 0;
    this.atEnd();
  };
}
