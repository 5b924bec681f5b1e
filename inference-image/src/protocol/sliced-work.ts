/** Work that may be left and taken up again: it yields before it has held the thread for long. */
export type Sliced<T> = Generator<void, T, void>;

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

  /** Whether any work waits for its next slice. */
  get busy(): boolean {
    return this.waiting.length > 0;
  }

  /** Does the first slice at once: most work has no other. */
  do<T>(work: Sliced<T>): T | Promise<T> {
    const first = work.next();
    if (first.done) return first.value;
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

  private readonly turn = (): void => {
    const slice = this.waiting.shift();
    if (slice && !slice()) this.waiting.push(slice);
    if (this.waiting.length > 0) setImmediate(this.turn);
  };
}
