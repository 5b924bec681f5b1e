/** The time for which an idle executor waits for more rows, counted from the arrival of the oldest request. */
export class BatchDelay {
  private milliseconds: number;
  private timer?: NodeJS.Timeout;

  /** @param atEnd Called at the end of the delay. */
  constructor(
    seconds: number,
    private readonly atEnd: () => void,
  ) {
    this.milliseconds = seconds * 1000;
  }

  /**
   * Whether a run must wait; `atEnd` is then called at the end of the delay.
   * @param oldest Arrival of the oldest request, in performance.now() milliseconds, so that later requests cannot extend
   * the delay; undefined if the run need not wait.
   */
  waits(oldest: number | undefined): boolean {
    const left = this.milliseconds === 0 || oldest === undefined ? 0 : oldest + this.milliseconds - performance.now();
    if (left <= 0) {
      this.stop();
      return false;
    }
    this.timer ??= setTimeout(() => {
      this.stop();
      this.atEnd();
    }, left);
    return true;
  }

  /** Lets no further run wait. */
  disable(): void {
    this.milliseconds = 0;
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
