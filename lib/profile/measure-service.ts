import type { TrialRequest } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../errors';
import { inMiB } from '../memory';
import { closedLoop, type LoadPlan, RefusedRequest } from './closed-loop';
import { MeasuredServer, type MeasuredServerOptions } from './measured-server';
import { measuringErrors } from './measuring-errors';
import type { MeasuredMemory, MeasuredService } from './model-profile';
import { quantile, rounded } from './quantile';
import { ServerMetrics } from './server-metrics';

const CLIENTS = 64;

/** A client may wait so long; the server gives up at 30. */
const LONGEST_WAIT_SECONDS = 5;

/** Fewer would tell little of the slowest. */
const LEAST_ANSWERS = 100;

export interface ServicePlan extends Omit<MeasuredServerOptions, 'settings'> {
  readonly modelName: string;
  readonly request: TrialRequest;
  readonly maxBatchSize: number;
  /** Of the fewest threads, in process. */
  readonly rowsPerSecond: number;
  /** Of the load that counts. */
  readonly seconds: number;
}

export interface ServiceMeasured {
  readonly served: MeasuredService;
  readonly readySeconds: number;
  readonly memory: Pick<MeasuredMemory, 'readyMiB' | 'peakMiB'>;
  /** Why requests share no runs, where that was to be. */
  readonly batchingObstacle?: string;
}

/**
 * Measures the model behind the real server, with one executor of one thread. Each load is counted from before its first
 * request until after its last answer, so that no part of a run is counted with another load.
 *
 * @throws ModelServingError `server-not-ready`, `trial-request-refused`
 */
export async function measureService(plan: ServicePlan, onLoad: () => void): Promise<ServiceMeasured> {
  const { maxBatchSize, path } = plan;
  const settings = { executors: 1, threadsPerExecutor: 1, maxBatchSize };
  const server = await MeasuredServer.start({ ...plan, settings });
  try {
    const scrape = () => ServerMetrics.scrape(server.ports.metricsPort);
    const ready = await scrape();
    onLoad();
    const load = loadPlan(plan, server.ports.httpPort);
    await closedLoop({ ...load, seconds: plan.seconds / 3, leastAnswers: 0 });
    const before = await scrape();
    const { latencies, seconds } = await closedLoop(load);
    const after = await scrape();

    const requests = latencies.length;
    const cpuSeconds = after.since(before, 'process_cpu_seconds_total');
    const runSeconds = after.since(before, 'inference_run_duration_seconds_sum');
    // On the event loop's own thread, a run keeps the loop from everything else: it is part of what a request takes there.
    const loopSeconds = server.runsInline ? cpuSeconds : Math.max(0, cpuSeconds - runSeconds);
    const residentBytes = [ready, before, after].map((metrics) => metrics.get('process_resident_memory_bytes'));
    return {
      served: {
        clients: load.clients,
        cpuSecondsPerRequest: rounded(cpuSeconds / requests),
        loopSecondsPerRequest: rounded(loopSeconds / requests),
        requestsPerSecond: rounded(requests / seconds),
        p50Seconds: rounded(quantile(latencies, 0.5)),
        p99Seconds: rounded(quantile(latencies, 0.99)),
      },
      readySeconds: rounded(server.readySeconds),
      memory: {
        readyMiB: inMiB(residentBytes[0] as number),
        peakMiB: inMiB(Math.max(...residentBytes, server.peakBytes ?? 0)),
      },
      batchingObstacle: maxBatchSize > 1 ? server.batchingObstacle : undefined,
    };
  } catch (error) {
    plan.signal.throwIfAborted();
    if (!(error instanceof RefusedRequest)) throw error;
    throw new ModelServingError([measuringErrors.requestRefused(path, error.message)]);
  } finally {
    await server.stop();
  }
}

function loadPlan({ modelName, request, rowsPerSecond, seconds }: ServicePlan, port: number): LoadPlan {
  const inTime = Math.floor(LONGEST_WAIT_SECONDS * rowsPerSecond);
  const url = `http://127.0.0.1:${port}/v2/models/${modelName}/infer`;
  return { url, request, clients: Math.min(CLIENTS, Math.max(1, inTime)), seconds, leastAnswers: LEAST_ANSWERS };
}
