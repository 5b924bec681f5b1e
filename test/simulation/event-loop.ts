import type { Choices } from '../support/random-graphs/choices';

/** Maximum time by which a timer or an immediate is late, as on a busy event loop. */
export const MAX_LATENESS_MS = 3;
const USUAL_LATENESS_MS = 0.2;

/** Event at a simulated time. */
export class Happening {
  isCancelled = false;

  constructor(
    /** Time of the event in milliseconds, on the clock of the simulated performance.now(). */
    readonly at: number,
    /** Position among the events of the same time. */
    readonly order: number,
    readonly run: () => void,
  ) {}

  /** Has no effect, because the metrics port keeps the process alive until it exits. */
  unref(): this {
    return this;
  }

  isBefore(other: Happening): boolean {
    return this.at < other.at || (this.at === other.at && this.order < other.order);
  }
}

/**
 * Simulated time and event loop of the code under test: performance.now, timers and immediates. A seed determines the
 * order of events. Time passes only between events. Promises are real: each event ends when no microtask is left.
 */
export class EventLoop {
  /** Current time in milliseconds. */
  now = 0;
  /** Called before time passes, when no work is left at the current time. */
  onQuiet?: () => void;
  private readonly heap: Happening[] = [];
  private lastImmediateAt = 0;
  private isStopped = false;

  constructor(private readonly choices: Choices) {}

  at(time: number, run: () => void): Happening {
    const happening = new Happening(time, this.choices.next(), run);
    this.push(happening);
    return happening;
  }

  after(ms: number, run: () => void): Happening {
    return this.at(this.now + ms, run);
  }

  /**
   * Starts a timer. Like Node, it counts whole milliseconds, so a timer may fire slightly before performance.now()
   * reaches its time.
   */
  setTimeout(run: () => void, ms = 1): Happening {
    const delay = ms >= 1 ? Math.trunc(ms) : 1;
    return this.at(Math.floor(this.now) + delay + this.lateness(), run);
  }

  setInterval(run: () => void, ms: number): Happening {
    const interval = new Happening(0, 0, run);
    const repeat = () => {
      this.setTimeout(() => {
        if (interval.isCancelled) return;
        run();
        repeat();
      }, ms);
    };
    repeat();
    return interval;
  }

  /** Schedules an immediate, which runs after all earlier immediates. */
  setImmediate(run: () => void): Happening {
    this.lastImmediateAt = Math.max(this.lastImmediateAt + 1e-6, this.now + USUAL_LATENESS_MS * this.choices.next());
    return this.at(this.lastImmediateAt, run);
  }

  /** Simulates work that blocks the loop. */
  spend(ms: number): void {
    this.now += ms;
  }

  /** Cancels all further events. */
  stop(): void {
    this.isStopped = true;
  }

  /**
   * Processes all scheduled events and their consequences.
   *
   * @returns Number of processed events; less than `maxHappenings` if none was left or the loop was stopped
   */
  run(maxHappenings: number): Promise<number> {
    return new Promise((resolve, reject) => {
      let count = 0;
      const step = () => {
        try {
          const next = this.isStopped || count === maxHappenings ? undefined : this.next();
          if (!next) return resolve(count);
          count++;
          next.run();
        } catch (error) {
          return reject(error as Error);
        }
        queueMicrotask(tick);
      };
      // A tick that a microtask starts runs after all other microtasks. It takes a quarter of the time of a turn of the
      // real loop.
      const tick = () => process.nextTick(step);
      tick();
    });
  }

  sleep(ms: number, value: unknown, { signal }: SleepOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const timer = this.setTimeout(() => resolve(value), ms);
      const abort = () => {
        timer.isCancelled = true;
        reject(new Error('The operation was aborted'));
      };
      if (signal?.aborted) abort();
      else signal?.addEventListener('abort', abort);
    });
  }

  private lateness(): number {
    return this.choices.next() * (this.choices.chance(0.05) ? MAX_LATENESS_MS : USUAL_LATENESS_MS);
  }

  private next(): Happening | undefined {
    for (let next = this.pop(); next; next = this.pop()) {
      if (next.isCancelled) continue;
      if (next.at > this.now) {
        this.onQuiet?.();
        this.now = next.at;
      }
      return next;
    }
    return undefined;
  }

  private push(happening: Happening): void {
    const { heap } = this;
    let at = heap.push(happening) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!happening.isBefore(heap[parent] as Happening)) break;
      heap[at] = heap[parent] as Happening;
      at = parent;
    }
    heap[at] = happening;
  }

  private pop(): Happening | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && (heap[child + 1] as Happening).isBefore(heap[child] as Happening)) child++;
      if (!(heap[child] as Happening).isBefore(last)) break;
      heap[at] = heap[child] as Happening;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

export interface SleepOptions {
  readonly signal?: AbortSignal;
}
