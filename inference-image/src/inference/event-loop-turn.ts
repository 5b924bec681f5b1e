/**
 * Counts the requests that arrive in one turn of the event loop. Requests of a single client arrive one per turn and
 * should run immediately. Requests of many clients arrive several per turn and should run together at the end of the
 * turn.
 */
export class EventLoopTurn {
  private count = 0;
  private previousCount = 0;

  /** @param atEnd Called at the end of each turn in which a request arrived. */
  constructor(private readonly atEnd: () => void) {}

  /**
   * Counts a request. @returns Whether it is probably alone: it is the first of this turn, and the previous turn had at
   * most one.
   */
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
