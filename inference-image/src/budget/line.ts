import { ServingError } from '../errors';

/** One step at a time, in the order in which they came. */
export class Line {
  private isTaken = false;
  private readonly waiting: Array<() => void> = [];

  /**
   * @param maxWaiting Steps that wait at the most.
   * @param what What they are steps of, in the plural.
   */
  constructor(
    private readonly maxWaiting: number,
    private readonly what: string,
  ) {}

  /** Rejects with a ServingError `rejected` where too many wait. */
  async pass<T>(step: () => Promise<T>): Promise<T> {
    if (this.isTaken) {
      if (this.waiting.length >= this.maxWaiting) {
        throw new ServingError('rejected', `the queue is full: ${this.maxWaiting} ${this.what} wait already`);
      }
      // Whoever ends gives its place to the next.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.isTaken = true;
    try {
      return await step();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.isTaken = false;
    }
  }
}
