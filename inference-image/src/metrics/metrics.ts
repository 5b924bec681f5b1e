import { type ErrorKind, MemoryFullError, ServingError } from '../base/errors';
import type { ModelManifest } from '../contract/model-manifest';
import type { CompletedRun } from '../inference/scheduler';
import type { InferenceTotals, Total } from '../protocol/statistics';
import type { Exposition, MemoryReadings, Readings } from './exposition';
import { Distribution } from './histogram';

/**
 * Reasons to refuse a request or a connection immediately: the request memory or the queue was full, a body was too
 * large, there were too many connections, or a page of another origin sent the request.
 */
export const REFUSAL_REASONS = ['budget', 'queue', 'too_large', 'connections', 'origin'] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/**
 * Reasons to drop a client. It did not send the rest of its request, or did not read its answer, in time or before
 * others needed the memory; it sent too many requests before it had read the answers; or its connection was idle when a
 * new client needed one.
 */
export const DROP_REASONS = ['unfinished', 'unread', 'pipelined', 'idle'] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** Count for each reason. */
export type Tally<Reason extends string> = Record<Reason, number>;

export function newTally<Reason extends string>(reasons: readonly Reason[]): Tally<Reason> {
  return Object.fromEntries(reasons.map((reason) => [reason, 0])) as Tally<Reason>;
}

/** Outcomes of a request. The set of label values is fixed, so that clients cannot extend it. */
export const OUTCOMES = ['success', 'invalid', 'rejected', 'unavailable', 'timeout', 'cancelled', 'error'] as const;

export type Outcome = (typeof OUTCOMES)[number];

const OF_ERROR: Record<ErrorKind, Outcome> = {
  invalid: 'invalid',
  notFound: 'invalid',
  methodNotAllowed: 'invalid',
  forbidden: 'invalid',
  tooLarge: 'invalid',
  unsupportedMedia: 'invalid',
  rejected: 'rejected',
  unavailable: 'unavailable',
  unfinished: 'timeout',
  timeout: 'timeout',
  cancelled: 'cancelled',
  error: 'error',
};

export function outcomeOf(error: ServingError): Outcome {
  return OF_ERROR[error.kind];
}

/**
 * Each number of rows up to this limit has its own entry. There must be a limit, because clients choose the number and
 * could otherwise fill the memory.
 */
const EXACT_ROWS = 1024;

/** Number and total time of runs, by number of rows. */
export class RunsByRows {
  private readonly totals = new Map<number, { count: number; sum: number }>();

  /** Counts a run. A number of rows above the limit is rounded down to a power of two. */
  observe(rows: number, runSeconds: number): void {
    const size = rows <= EXACT_ROWS ? rows : 2 ** Math.floor(Math.log2(rows));
    const total = this.totals.get(size);
    if (total) {
      total.count++;
      total.sum += runSeconds;
    } else this.totals.set(size, { count: 1, sum: runSeconds });
  }

  [Symbol.iterator](): Iterator<readonly [rows: number, runs: Total]> {
    return this.totals[Symbol.iterator]();
  }
}

const ROWS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/**
 * The metrics of the server:
 * - `inference_requests_total{model,version,outcome}`: counter
 * - `inference_request_duration_seconds{model,version,outcome}`: histogram, from receiving the headers to sending the
 *   reply
 * - `inference_decode_duration_seconds`, `inference_queue_duration_seconds` (waiting for an executor),
 *   `inference_run_duration_seconds` (in the runtime alone) and `inference_encode_duration_seconds`, with
 *   {model,version}: histograms of the parts of a request's duration
 * - `inference_batch_size{model,version}`: histogram, rows of a run
 * - `inference_queue_length`, `inference_running`, `inference_executors` with {model,version}: gauges
 * - `inference_in_flight{model,version}`: gauge, requests running or waiting; the basis for an autoscaler
 * - `inference_request_memory_bytes{model,version}` and `inference_request_memory_limit_bytes{model,version}`: gauges
 * - `inference_refused_total{model,version,reason}` and `inference_dropped_total{model,version,reason}`: counters
 * - `process_*` and `nodejs_*`, from the first scrape on
 *
 * Only the served model has series; requests for other names create none.
 */
export class Metrics {
  private readonly labels: { readonly model: string; readonly version: string };
  private readonly requests: Readonly<Record<Outcome, Distribution>>;
  private readonly decode: Distribution;
  private readonly queue: Distribution;
  private readonly runs: Distribution;
  private readonly encode: Distribution;
  private readonly rows: Distribution;
  private readonly runsByRows = new RunsByRows();
  /** Seconds that requests have spent in runs; a shared run counts once for each of its requests. */
  private requestRunSeconds = 0;
  readonly refusals = newTally(REFUSAL_REASONS);
  readonly drops = newTally(DROP_REASONS);
  private lastRequestAt = 0;
  private exposition?: Promise<Exposition>;

  constructor(
    { name, version }: Pick<ModelManifest, 'name' | 'version'>,
    private readonly readings: Readings,
    private readonly memory: MemoryReadings,
  ) {
    this.labels = { model: name, version };
    const byOutcome = OUTCOMES.map((outcome) => [outcome, new Distribution({ ...this.labels, outcome })] as const);
    this.requests = Object.fromEntries(byOutcome) as Record<Outcome, Distribution>;
    this.decode = new Distribution(this.labels);
    this.queue = new Distribution(this.labels);
    this.runs = new Distribution(this.labels);
    this.encode = new Distribution(this.labels);
    this.rows = new Distribution(this.labels, ROWS);
  }

  observeRequest(outcome: Outcome, seconds: number): void {
    this.requests[outcome].observe(seconds);
    this.lastRequestAt = Date.now();
  }

  /** Counts a request that ends with an error. */
  observeError(error: ServingError, seconds: number): void {
    this.observeRequest(outcomeOf(error), seconds);
    if (error.kind === 'tooLarge') this.observeRefusal('too_large');
    else if (error.kind === 'rejected') this.observeRefusal(error instanceof MemoryFullError ? 'budget' : 'queue');
    else if (error.kind === 'unfinished') this.observeDrop('unfinished');
  }

  observeRefusal(reason: RefusalReason): void {
    this.refusals[reason]++;
  }

  observeDrop(reason: DropReason): void {
    this.drops[reason]++;
  }

  observeDecode(seconds: number): void {
    this.decode.observe(seconds);
  }

  observeRun({ rows, queueSeconds, runSeconds }: CompletedRun): void {
    for (const seconds of queueSeconds) this.queue.observe(seconds);
    this.runs.observe(runSeconds);
    this.rows.observe(rows);
    this.runsByRows.observe(rows, runSeconds);
    this.requestRunSeconds += queueSeconds.length * runSeconds;
  }

  observeEncode(seconds: number): void {
    this.encode.observe(seconds);
  }

  /** Totals for Triton's statistics. */
  get totals(): InferenceTotals {
    const { lastRequestAt, decode, queue, runs, encode, runsByRows } = this;
    const { success, ...others } = this.requests;
    return {
      lastRequestAt,
      rows: this.rows.sum,
      success,
      fail: Object.values(others).reduce<Total>(add, { count: 0, sum: 0 }),
      queue,
      decode,
      requestRuns: { count: queue.count, sum: this.requestRunSeconds },
      encode,
      runs,
      runsByRows,
    };
  }

  async scrape(): Promise<{ contentType: string; text: string }> {
    this.exposition ??= this.expose().catch((error: unknown) => {
      this.exposition = undefined;
      throw error;
    });
    const exposition = await this.exposition;
    return { contentType: exposition.contentType, text: await exposition.text() };
  }

  private async expose(): Promise<Exposition> {
    const { Exposition } = await import('./exposition.js');
    const { labels, decode, queue, runs, encode, rows, readings, memory, refusals, drops } = this;
    const requests = Object.values(this.requests);
    return new Exposition({
      labels,
      requests,
      decode,
      queue,
      runs,
      encode,
      rows,
      readings,
      memory,
      refusals,
      drops,
    });
  }
}

function add(a: Total, b: Total): Total {
  return { count: a.count + b.count, sum: a.sum + b.sum };
}
