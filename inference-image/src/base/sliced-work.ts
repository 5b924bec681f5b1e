/** Work that can be interrupted: it yields often enough not to block the thread for long. */
export type Sliced<T> = Generator<void, T, void>;

/** Number of bytes that take a few milliseconds to copy into new memory. */
export const COPY_BYTES = 4 * 1024 * 1024;

/** Number of bytes of JSON that take 0.5 to 1.5 ms to read, and 8 ms at worst. */
export const TURN_BYTES = 64 * 1024;

/** Completes the work synchronously. */
export function finish<T>(work: Sliced<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Schedules work in slices. Each turn of the event loop runs one slice of each piece of waiting work. */
export class SlicedWork {
  private readonly waiting: Array<() => boolean> = [];
  /** Bytes of the first slices that were run in this turn. */
  private turnBytes = 0;

  /** Whether any work waits for its next slice. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /** Runs the first slice at once; most work has only one. */
  do<T>(work: Sliced<T>): T | Promise<T> {
    const first = work.next();
    return first.done ? first.value : this.later(work);
  }

  /**
   * Runs the first slice at once if this turn of the event loop has room for it, otherwise later. Used for work whose
   * first slice may be long.
   * @param bytes Size of the first slice.
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
