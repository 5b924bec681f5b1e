import { ServingError } from '../base/errors';

/** A queue of asynchronous steps that run one at a time, in order of arrival. */
export class Line {
  private length = 0;
  private last: Promise<unknown> = Promise.resolve();

  /**
   * @param maxWaiting Maximum number of steps that may wait in addition to the one in progress.
   * @param workName Plural noun for the work of the steps; used in messages.
   */
  constructor(
    private readonly maxWaiting: number,
    private readonly workName: string,
  ) {}

  /** Whether a step is in progress. */
  get busy(): boolean {
    return this.length > 0;
  }

  /** @throws ServingError `rejected` if too many steps are waiting. */
  assertRoom(): void {
    if (this.length <= this.maxWaiting) return;
    throw new ServingError('rejected', `the queue is full: ${this.maxWaiting} ${this.workName} are waiting`);
  }

  /** Runs a step when its turn comes. Rejects with the error of `assertRoom` or of the step. */
  async pass<T>(step: () => Promise<T>): Promise<T> {
    this.assertRoom();
    this.length++;
    const result = this.last.then(step).finally(() => this.length--);
    this.last = result.catch(() => undefined);
    return result;
  }

  /** Resolves once all steps added so far are done. */
  async finished(): Promise<void> {
    await this.last;
  }
}
