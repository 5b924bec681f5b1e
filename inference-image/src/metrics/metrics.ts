import type { ModelManifest } from '../contract/model-manifest';
import { MemoryFullError, type ServingError } from '../base/errors';
import type { CompletedRun } from '../inference/scheduler';
import type { InferenceTotals, Total } from '../protocol/statistics';
import type { Exposition, MemoryReadings, Readings } from './exposition';
import { Distribution } from './histogram';
import { OUTCOMES, outcomeOf, type Outcome } from './outcome';
import { DROP_REASONS, newTally, REFUSAL_REASONS, type DropReason, type RefusalReason } from './refusals';
import { RunsByRows } from './runs-by-rows';

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
