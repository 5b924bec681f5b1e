import type { ModelManifest } from '../contract/model-manifest';
import type { CompletedRun } from '../inference/scheduler';
import type { Exposition, Readings } from './exposition';
import { Durations } from './histogram';
import { OUTCOMES, type Outcome } from './outcome';

/**
 * - `inference_requests_total{model,version,outcome}`, a counter
 * - `inference_request_duration_seconds{model,version,outcome}`, a histogram: headers received to reply handed over
 * - `inference_queue_duration_seconds{model,version}`, a histogram: waiting for an executor
 * - `inference_run_duration_seconds{model,version}`, a histogram: in the runtime alone
 * - `inference_queue_length`, `inference_running`, `inference_executors` with {model,version}, gauges
 * - `inference_in_flight{model,version}`, a gauge: running or waiting, which is what an autoscaler goes by
 * - `process_*` and `nodejs_*`, from the first scrape on
 *
 * Only the model that is served makes series; a request to any other name makes none.
 */
export class Metrics {
  private readonly labels: { readonly model: string; readonly version: string };
  private readonly requests: Readonly<Record<Outcome, Durations>>;
  private readonly queue: Durations;
  private readonly runs: Durations;
  private exposition?: Promise<Exposition>;

  constructor(
    { name, version }: Pick<ModelManifest, 'name' | 'version'>,
    private readonly readings: Readings,
  ) {
    this.labels = { model: name, version };
    const byOutcome = OUTCOMES.map((outcome) => [outcome, new Durations({ ...this.labels, outcome })] as const);
    this.requests = Object.fromEntries(byOutcome) as Record<Outcome, Durations>;
    this.queue = new Durations(this.labels);
    this.runs = new Durations(this.labels);
  }

  observeRequest(outcome: Outcome, seconds: number): void {
    this.requests[outcome].observe(seconds);
  }

  observeRun({ queueSeconds, runSeconds }: CompletedRun): void {
    for (const seconds of queueSeconds) this.queue.observe(seconds);
    this.runs.observe(runSeconds);
  }

  async scrape(): Promise<{ contentType: string; text: string }> {
    const exposition = await (this.exposition ??= this.expose());
    return { contentType: exposition.contentType, text: await exposition.text() };
  }

  private async expose(): Promise<Exposition> {
    const { Exposition } = await import('./exposition.js');
    const { labels, queue, runs, readings } = this;
    return new Exposition({ labels, requests: Object.values(this.requests), queue, runs, readings });
  }
}
