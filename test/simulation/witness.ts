import type { Job } from '../../inference-image/src/inference/job';
import { NO_LIMITS, type JobQueue, type QueueLimits } from '../../inference-image/src/inference/job-queue';
import type { Tensor } from '../../inference-image/src/tensor/tensor';
import { MAX_LATENESS_MS } from './event-loop';
import type { Answer, Socket } from './http';
import { requestsIn, valuesOf } from './model';
import type { World } from './world';

/** Interval at which a queue removes jobs whose time limit has passed; see JobQueue. */
const SWEEP_MS = 20;
/** Longest duration of a run on the main thread, which blocks everything else. */
const LONGEST_TURN_MS = 20;

/** Request that has reached the server. */
export interface Asked {
  readonly id: number;
  readonly client: number;
  readonly rows: number;
  readonly width: number;
  readonly timeoutMs?: number;
  readonly socket: Socket;
  /** Time at which the headers arrived, in milliseconds. `sentAt` is the time at which the last byte arrived. */
  readonly receivedAt: number;
  sentAt?: number;
  /** Time at which the client disconnected. */
  leftAt?: number;
  /** Whether a run that contained only this request has failed. */
  failedAlone: boolean;
  /** Status of the response. */
  status?: number;
  /** Whether the response has been handed over to the operating system, or will never be sent. */
  isClosed: boolean;
}

/** Observes all events, and checks that they obey the rules of this class. */
export class Witness {
  readonly asked: Asked[] = [];
  private readonly open = new Set<Asked>();
  private readonly jobs = new Map<Job, KnownJob>();

  constructor(private readonly world: World) {}

  asks(client: number, rows: number, width: number, timeoutMs: number | undefined, socket: Socket): Asked {
    const { now } = this.world.loop;
    const id = this.asked.length;
    const asked = { id, client, rows, width, timeoutMs, socket, receivedAt: now, failedAlone: false, isClosed: false };
    this.asked.push(asked);
    this.open.add(asked);
    this.world.trace(() => `request ${id} of client ${client}: ${rows} rows, timeout ${timeoutMs} ms`);
    return asked;
  }

  sends(asked: Asked): void {
    asked.sentAt = this.world.loop.now;
    this.world.trace(() => `request ${asked.id} is complete`);
  }

  leaves(asked: Asked): void {
    asked.leftAt = this.world.loop.now;
    this.world.trace(() => `the client of request ${asked.id} leaves`);
  }

  closes(asked: Asked): void {
    asked.isClosed = true;
    if (asked.status !== undefined) this.open.delete(asked);
  }

  answers(asked: Asked, answer: Answer): void {
    const { id } = asked;
    this.world.trace(() => `request ${id} is answered: ${answer.status} ${answer.status === 200 ? '' : answer.body}`);
    if (asked.status !== undefined) return this.world.violate(`request ${id} is answered twice`);
    asked.status = answer.status;
    if (asked.isClosed) this.open.delete(asked);
    const fault = this.faultOf(asked, answer);
    if (fault) this.world.violate(`request ${id} is answered ${answer.status} ${fault}: ${answer.body}`);
  }

  /** Called when a run begins that contains rows of these requests. */
  begins(requests: readonly number[], where: string): void {
    const { now } = this.world.loop;
    this.world.trace(() => `a run begins on ${where}, of requests ${requests.join(', ')}`);
    for (const id of requests) {
      const fault = this.faultOfRun(this.asked[id], now);
      if (fault) this.world.violate(`request ${id} runs on ${where} ${fault}`);
    }
  }

  /** Called when a run has failed that contained rows of these requests. */
  fails(requests: readonly number[]): void {
    if (requests.length > 0) this.world.trace(() => `the run of requests ${requests.join(', ')} has failed`);
    const asked = this.asked[requests[0] as number];
    if (asked && requests.length === 1) asked.failedAlone = true;
  }

  /** Called when no work is left at the current time. Checks that everything that still waits has a reason to wait. */
  onQuiet(): void {
    const { budget } = this.world.server;
    const { heldBytes, totalBytes } = budget;
    if (heldBytes < 0 || heldBytes > totalBytes)
      this.world.violate(`the budget holds ${heldBytes} bytes, and its limit is ${totalBytes}`);
    if (this.open.size === 0 && heldBytes !== 0) {
      this.world.violate(`the budget holds ${heldBytes} bytes, but no request is left`);
    }
    if (this.jobs.size > 0) this.checkJobs();
  }

  onFinished(): void {
    for (const { asked } of this.jobs.values()) {
      this.world.violate(`the scheduler has finished, but request ${asked.id} has no answer`);
    }
  }

  onExit(code: number): void {
    const fault = this.faultOfExit(code);
    if (fault) this.world.violate(`the process exits ${fault}`);
  }

  adds(queue: JobQueue, job: Job): void {
    const since = this.world.loop.now;
    const known = this.jobs.get(job);
    if (known) {
      Object.assign(known, { queue, state: 'waiting', since });
      return;
    }
    const [id] = requestsIn(job.run.inputs[0] as Tensor);
    const asked = this.asked[id as number];
    if (!asked) return this.world.violate('a job belongs to no request');
    this.jobs.set(job, { queue, asked, state: 'waiting', since });
    const { resolve, reject } = job;
    const settle = () => {
      if (!this.jobs.delete(job)) this.world.violate(`a job of request ${asked.id} is answered twice`);
    };
    job.resolve = (outputs) => {
      settle();
      resolve(outputs);
    };
    job.reject = (error) => {
      settle();
      reject(error);
    };
  }

  takes(jobs: readonly Job[]): void {
    for (const job of jobs) this.enter(job, 'taken');
  }

  putsBack(jobs: readonly Job[]): void {
    for (const job of jobs) this.enter(job, 'again');
  }

  /** Called when a job of the given size has been added to a queue or refused. */
  admits(limits: QueueLimits, rows: number, bytes: number, isAdmitted: boolean): void {
    if (limits === NO_LIMITS) return;
    let [count, waitingRows, waitingBytes] = [0, 0, 0];
    for (const [job, { state, queue }] of this.jobs) {
      if (state !== 'waiting' || this.world.server.isOfTurn(queue)) continue;
      count++;
      waitingRows += job.rows;
      waitingBytes += job.bytes;
    }
    const { maxQueueLength, maxQueueRows, maxQueueBytes } = limits;
    const hasRoom =
      count < maxQueueLength &&
      (count === 0 || (waitingRows + rows <= maxQueueRows && waitingBytes + bytes <= maxQueueBytes));
    if (hasRoom === isAdmitted) return;
    const waiting = `${count} jobs of ${waitingRows} rows and ${waitingBytes} bytes wait`;
    this.world.violate(`${rows} rows of ${bytes} bytes are ${isAdmitted ? 'admitted' : 'refused'} while ${waiting}`);
  }

  private enter(job: Job, state: JobState): void {
    const known = this.jobs.get(job);
    if (known) Object.assign(known, { state, since: this.world.loop.now });
    else this.world.violate(`a job is ${state} after its answer`);
  }

  private checkJobs(): void {
    const { server, threads, loop } = this.world;
    const { now } = loop;
    const isIdle = server.isServing && threads.some((thread) => thread.isIdle);
    const splitting = new Set<Asked>();
    const inParts = new Set<Asked>();
    let ofSplit: Asked | undefined;
    let rows = 0;
    let oldest = Infinity;
    let waiting: Asked | undefined;
    let isAlone = false;
    for (const [job, { queue, asked, state, since }] of this.jobs) {
      const isOfSplit = server.isOfSplit(queue);
      if (job.isPart) inParts.add(asked);
      else if (isOfSplit && state === 'taken') splitting.add(asked);
      if (state === 'taken') continue;
      const { leftAt = Infinity } = asked;
      const lateMs = now - Math.max(since, Math.min(deadlineOf(asked), this.patienceOf(asked), leftAt));
      const isOfTurn = server.isOfTurn(queue);
      if (lateMs > SWEEP_MS + MAX_LATENESS_MS + LONGEST_TURN_MS + 1) {
        this.world.violate(`request ${asked.id} still waits ${lateMs} ms after its time limit`);
      }
      if (isOfSplit) ofSplit = asked;
      else if (!isOfTurn) {
        waiting ??= asked;
        if (job.alone) isAlone = true;
        rows += job.rows;
        oldest = Math.min(oldest, job.arrived);
      } else if (now - job.arrived > LONGEST_TURN_MS * this.asked.length + 1) {
        this.world.violate(`request ${asked.id} waits ${now - job.arrived} ms for the end of a turn`);
      }
    }
    for (const asked of splitting) {
      if (!inParts.has(asked)) this.world.violate(`request ${asked.id} is split, but none of its parts waits or runs`);
    }
    if (ofSplit && splitting.size === 0)
      this.world.violate(`request ${ofSplit.id} waits to be split, but none is being split`);
    if (!waiting || !isIdle) return;
    const delayMs =
      server.isFinishing || isAlone || rows >= server.scheduler.maxBatchSize
        ? 0
        : this.world.settings.maxBatchDelaySeconds * 1000;
    if (delayMs > 0 && now < oldest + delayMs + MAX_LATENESS_MS + LONGEST_TURN_MS + 2) return;
    this.world.violate(`request ${waiting.id} waits while an executor is idle`);
  }

  private faultOfExit(code: number): string | undefined {
    const { server, threads, loop, signalledAt = Infinity, hadFailed } = this.world;
    const { scheduler, budget } = server;
    if (code !== (hadFailed ? 1 : 0)) return `with ${code}`;
    if (loop.now < signalledAt + this.drainMs()) return 'before its drain is over';
    const alive = threads.find(({ hasEnded }) => !hasEnded);
    if (alive) return `while thread ${alive.id} lives`;
    const unanswered = this.asked.find(({ status }) => status === undefined);
    if (unanswered) return `before request ${unanswered.id} is answered`;
    if (budget.heldBytes !== 0) return `while the budget holds ${budget.heldBytes} bytes`;
    return scheduler.busy ? 'while the scheduler is busy' : undefined;
  }

  private faultOfRun(asked: Asked | undefined, now: number): string | undefined {
    if (!asked) return 'but no client has sent it';
    if (asked.socket.destroyed) return 'although its client has disconnected';
    if (now >= deadlineOf(asked)) return 'after its deadline';
    if (now >= this.patienceOf(asked)) return "after the queue's time limit";
    return asked.status === undefined ? undefined : 'after its answer';
  }

  /**
   * Text that describes the fault of a response; messages show it after the status. Undefined if the response is
   * correct.
   */
  private faultOf(asked: Asked, { status, body }: Answer): string | undefined {
    const { world } = this;
    const { now } = world.loop;
    switch (status) {
      case 200:
        return isEcho(asked, body) ? undefined : 'with rows of others';
      case 408:
        return asked.sentAt === undefined ? undefined : 'although it was complete';
      // The response alone would exceed such a small budget.
      case 400:
      case 413:
        return world.settings.budgetBytes < 2 ** 17 ? undefined : 'although it is small';
      case 429:
        return undefined;
      case 499:
        return asked.leftAt !== undefined || asked.sentAt === undefined
          ? undefined
          : 'although its client is connected';
      case 500:
        return asked.failedAlone ? undefined : 'although no run of it alone has failed';
      case 503:
        return world.isHurried || !world.server.hasOpened ? undefined : 'although the model is served';
      case 504:
        return now >= Math.min(deadlineOf(asked), this.patienceOf(asked)) ? undefined : 'before its time limit';
      default:
        return 'for no reason';
    }
  }

  /** Time in milliseconds until which the request may wait in a queue. */
  private patienceOf({ sentAt = Infinity }: Asked): number {
    return sentAt + this.world.settings.queueTimeoutSeconds * 1000;
  }

  private drainMs(): number {
    const { settings, isHurried, server } = this.world;
    return isHurried || settings.signal !== 'SIGTERM' || !server.hasOpened ? 0 : settings.drainSeconds * 1000 - 1;
  }
}

/** State of a job; `again` means that the job was queued again, and runs before all others. */
type JobState = 'waiting' | 'taken' | 'again';

/** Job that has no response yet, with its state. */
interface KnownJob {
  readonly asked: Asked;
  queue: JobQueue;
  state: JobState;
  /** Time at which the job entered this state. */
  since: number;
}

function deadlineOf({ receivedAt, timeoutMs = Infinity }: Asked): number {
  return receivedAt + timeoutMs;
}

function isEcho({ id, rows, width }: Asked, body: string): boolean {
  const [y] = (JSON.parse(body) as { outputs: Array<{ shape: number[]; data: number[] }> }).outputs;
  return `${y?.shape}` === `${[rows, width]}` && `${y?.data}` === `${valuesOf(id, rows, width)}`;
}
