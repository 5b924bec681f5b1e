import { InferenceError } from './inference-error';

/** Maximum delay of a timer, in milliseconds. */
const MAX_TIMER = 2 ** 31 - 1;

/** Deadline and cancellation of one call. */
export class CallTime {
  /** Aborts when the deadline has passed or one of the call's signals aborts. */
  readonly signal: AbortSignal;
  private readonly end: number;
  private readonly controller = new AbortController();
  private readonly cleanup: (() => void)[] = [];
  private readonly over: Promise<never>;
  private reject: (error: InferenceError) => void = () => undefined;

  constructor(deadline: number, signals: readonly AbortSignal[]) {
    this.signal = this.controller.signal;
    this.end = performance.now() + deadline;
    this.over = new Promise<never>((_, reject) => (this.reject = reject));
    // Prevents an unhandled rejection if nothing waits for this promise.
    this.over.catch(() => undefined);
    for (const signal of signals) this.abortOn(signal);
    if (deadline <= MAX_TIMER) {
      const timer = setTimeout(() => {
        this.stop(new InferenceError('deadline', `no answer within the deadline of ${deadline} ms`));
      }, deadline);
      this.cleanup.push(() => clearTimeout(timer));
    }
  }

  /** Remaining time in milliseconds. */
  remaining(): number {
    return this.end - performance.now();
  }

  /** Waits for a promise. Rejects if the deadline passes or the call is aborted first. */
  within<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.over, promise]);
  }

  async pause(milliseconds: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const pause = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, Math.min(milliseconds, MAX_TIMER));
    });
    await this.within(pause).finally(() => clearTimeout(timer));
  }

  close(): void {
    for (const clean of this.cleanup) clean();
  }

  private abortOn(signal: AbortSignal): void {
    const stop = () => this.stop(new InferenceError('aborted', 'the call was aborted', { cause: signal.reason }));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop);
    this.cleanup.push(() => signal.removeEventListener('abort', stop));
  }

  private stop(error: InferenceError): void {
    this.reject(error);
    this.controller.abort(error);
  }
}
