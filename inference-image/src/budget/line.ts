import { ServingError } from '../errors';

/** One step at a time, in the order in which they came. */
export class Line {
  private length = 0;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param maxWaiting Steps that may wait behind the one that is being done.
   * @param what What the steps are done for, in the plural; used in messages.
   */
  constructor(
    private readonly maxWaiting: number,
    private readonly what: string,
  ) {}

  /** Whether a step is being done. */
  get busy(): boolean {
    return this.length > 0;
  }

  /** @throws ServingError `rejected` where too many wait. */
  assertRoom(): void {
    if (this.length <= this.maxWaiting) return;
    throw new ServingError('rejected', `the queue is full: ${this.maxWaiting} ${this.what} wait already`);
  }

  /** Does a step in its turn. Rejects with what `assertRoom` throws, or as the step does. */
  async pass<T>(step: () => Promise<T>): Promise<T> {
    this.assertRoom();
    this.length++;
    const result = this.last.then(step).finally(() => this.length--);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Resolves once all steps that have come are done. */
  async finished(): Promise<void> {
    await this.last;
  }
}
