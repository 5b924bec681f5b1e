import { collectDefaultMetrics, Counter, Gauge, Registry, type Metric } from 'prom-client';
import { Histogram, type Distribution, type Labels } from './histogram';

/** Values that the gauges report, read at each scrape. */
export interface Readings {
  readonly queueLength: number;
  readonly runningCount: number;
  readonly executorCount: number;
}

/** Bytes that requests hold, and the limit on them. */
export interface MemoryReadings {
  readonly heldBytes: number;
  readonly totalBytes: number;
}

export interface ExpositionOptions {
  /** Labels of every series. */
  readonly labels: Labels;
  /** Durations of requests, one series for each outcome. */
  readonly requests: readonly Distribution[];
  readonly decode: Distribution;
  readonly queue: Distribution;
  readonly runs: Distribution;
  readonly encode: Distribution;
  /** Rows of each run. */
  readonly rows: Distribution;
  readonly readings: Readings;
  readonly memory: MemoryReadings;
  /** Counts of refused requests and connections, by reason. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Counts of dropped clients, by reason. */
  readonly drops: Readonly<Record<string, number>>;
}

/** The metrics in Prometheus' text format. Loaded on the first scrape, so that it does not delay the startup. */
export class Exposition {
  private readonly registry = new Registry();
  private readonly labelNames: string[];

  constructor(private readonly options: ExpositionOptions) {
    const { labels, requests, decode, queue, runs, encode, rows, readings, memory, refusals, drops } = options;
    this.labelNames = Object.keys(labels);
    this.addRequests();
    this.addHistogram(
      'inference_request_duration_seconds',
      'Time from receiving the headers to sending the reply.',
      requests,
    );
    this.addHistogram('inference_decode_duration_seconds', 'Time to read the tensors of a request.', [decode]);
    this.addHistogram('inference_queue_duration_seconds', 'Time that a request waits for an executor.', [queue]);
    this.addHistogram('inference_run_duration_seconds', 'Duration of a run of the model.', [runs]);
    this.addHistogram('inference_encode_duration_seconds', 'Time to write a reply.', [encode]);
    this.addHistogram('inference_batch_size', 'Rows of a run of the model.', [rows]);
    this.addGauge('inference_queue_length', 'Requests waiting for an executor.', () => readings.queueLength);
    this.addGauge('inference_running', 'Requests running.', () => readings.runningCount);
    const inFlight = () => readings.runningCount + readings.queueLength;
    this.addGauge('inference_in_flight', 'Requests running or waiting for an executor.', inFlight);
    this.addGauge('inference_executors', 'Executors in operation.', () => readings.executorCount);
    const held = () => memory.heldBytes;
    this.addGauge('inference_request_memory_bytes', 'Memory that requests hold.', held);
    const total = () => memory.totalBytes;
    this.addGauge('inference_request_memory_limit_bytes', 'Limit on the memory that requests hold.', total);
    this.addTally('inference_refused_total', 'Requests and connections refused immediately, by reason.', refusals);
    this.addTally('inference_dropped_total', 'Clients that the server has disconnected, by reason.', drops);
    // The default precision wakes an idle process a hundred times a second.
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: 50 });
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  text(): Promise<string> {
    return this.registry.metrics();
  }

  /**
   * Adds a counter of requests that takes its values from the histogram. From the start, the counter has a series with
   * value 0 for each outcome, because rates and alerts need one.
   */
  private addRequests(): void {
    const { requests } = this.options;
    new Counter({
      name: 'inference_requests_total',
      help: 'Inference requests by outcome.',
      labelNames: [...this.labelNames, 'outcome'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { labels, count } of requests) this.inc(labels, count);
      },
    });
  }

  private addTally(name: string, help: string, tally: Readonly<Record<string, number>>): void {
    const { labels } = this.options;
    const collect = function (this: Counter) {
      this.reset();
      for (const [reason, count] of Object.entries(tally)) this.inc({ ...labels, reason }, count);
    };
    new Counter({ name, help, labelNames: [...this.labelNames, 'reason'], registers: [this.registry], collect });
  }

  private addHistogram(name: string, help: string, series: readonly Distribution[]): void {
    this.registry.registerMetric(new Histogram(name, help, series) as unknown as Metric);
  }

  private addGauge(name: string, help: string, read: () => number): void {
    const { labels } = this.options;
    const collect = function (this: Gauge) {
      this.set(labels, read());
    };
    new Gauge({ name, help, labelNames: this.labelNames, registers: [this.registry], collect });
  }
}
