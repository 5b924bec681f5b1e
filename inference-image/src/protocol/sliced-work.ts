/** Work that may be left and taken up again: it yields before it has held the thread for long. */
export type Sliced<T> = Generator<void, T, void>;

/** Bytes that take a few milliseconds to copy into memory that is new. */
export const COPY_BYTES = 4 * 1024 * 1024;

/** Bytes of JSON that take 0.5 to 1.5 ms to read, and 8 at worst. */
export const TURN_BYTES = 64 * 1024;

/** Does the work up to its end, at once. */
export function finish<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Work that is not done in its first slice. Of all of it together, each turn of the event loop does one slice. */
export class SlicedWork {
  private readonly waiting: Array<() => boolean> = [];
  /** What first slices have had of this turn, in bytes. */
  private turnBytes = 0;

  /** Whether any work waits for its next slice. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /** Does the first slice at once: most work has no other. */
  do<T>(work: Sliced<T>): T | Promise<T> {
    const first = work.next();
    return first.done ? first.value : this.later(work);
  }

  /**
   * The same where the first slice may be long: a turn of the event loop has room for some of those, and others wait.
   * @param bytes Of the first slice.
   */
  doInTurn<T>(work: Sliced<T>, bytes: number): T | Promise<T> {
    if (this.busy || (this.turnBytes > 0 && this.turnBytes + bytes > TURN_BYTES)) return this.later(work);
    if (this.turnBytes === 0) setImmediate(this.freeTurn);
    this.turnBytes += bytes;
    return this.do(work);
  }

  private later<T>(work: Sliced<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => {
        try {
          const step = work.next();
          if (step.done) resolve(step.value);
          return step.done === true;
        } catch (error) {
          reject(error as Error);
          return true;
        }
      });
      if (this.waiting.length === 1) setImmediate(this.turn);
    });
  }

  private readonly freeTurn = (): void => {
    this.turnBytes = 0;
  };

  private readonly turn = (): void => {
    const slice = this.waiting.shift();
    if (slice && !slice()) this.waiting.push(slice);
    if (this.waiting.length > 0) setImmediate(this.turn);
  };
}
