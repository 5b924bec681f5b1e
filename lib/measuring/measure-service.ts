import type { TrialRequest } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../base/errors';
import { inMiB } from '../sizing/memory';
import { sendOnce, closedLoop, type LoadPlan, RefusedRequest } from './closed-loop';
import { loadClients, MAX_CLIENTS } from '../sizing/measured-runs';
import { loopTime, MeasuredServer, type MeasuredServerOptions, ServerMetrics } from './measured-server';
import { measuringErrors } from './measuring-errors';
import type { MeasuredMemory, MeasuredService } from '../profile/model-profile';
import { mainThreadSeconds, peakBytes } from './machine';
import { quantile, rounded } from '../base/quantile';

/** Settings of a queue that has room for one request of every client, so that no request is refused. */
const QUEUE = { maxQueueLength: MAX_CLIENTS, maxQueueBytes: 2 ** 40 };

/** Minimum number of responses. With fewer, the 99th percentile would be meaningless. */
const MIN_RESPONSES = 100;

/** Duration of the warm-up load, as a fraction of the duration of the measured load. */
const WARM_UP_SHARE = 1 / 3;

export interface ServicePlan extends Omit<MeasuredServerOptions, 'settings'> {
  readonly modelName: string;
  readonly request: TrialRequest;
  /** Threads of the executor. */
  readonly threads: number;
  readonly maxBatchSize: number;
  /** Throughput of batches of `maxBatchSize` rows, measured without the server. */
  readonly rowsPerSecond: number;
  /** Duration of the measured load. */
  readonly seconds: number;
}

export interface ServiceMeasured {
  readonly served: MeasuredService;
  readonly readySeconds: number;
  readonly memory: Pick<MeasuredMemory, 'readyMiB' | 'peakMiB'>;
  /** Reason why requests do not share runs although `maxBatchSize` is above 1. */
  readonly batchingObstacle?: string;
}

/** Estimated duration of `measureService` in seconds, not counting the start of the server. */
export function serviceSeconds({ seconds, rowsPerSecond }: Pick<ServicePlan, 'seconds' | 'rowsPerSecond'>): number {
  return WARM_UP_SHARE * seconds + Math.min(10 * seconds, Math.max(seconds, MIN_RESPONSES / rowsPerSecond));
}

/**
 * Measures the model in the real server, with one executor. The counters are read before the first request of a load
 * and after its last response, so that no run counts for two loads.
 *
 * @throws ModelServingError `server-not-ready`, `trial-request-refused`
 */
export async function measureService(
  plan: ServicePlan,
  onStep: (what: string, left: number) => void,
): Promise<ServiceMeasured> {
  const { threads, maxBatchSize, path } = plan;
  const all = serviceSeconds(plan);
  onStep('starting the server', all);
  const settings = { executors: 1, threadsPerExecutor: threads, maxBatchSize, ...QUEUE };
  const server = await MeasuredServer.start({ ...plan, settings });
  try {
    const scrape = () => ServerMetrics.scrape(server.ports.metricsPort);
    const ready = await scrape();
    onStep('warming up the server', all);
    const load = loadPlan(plan, server.ports.httpPort);
    await sendOnce(load);
    await closedLoop({ ...load, seconds: plan.seconds * WARM_UP_SHARE, minResponses: 0 });
    onStep('load test of the server', all - plan.seconds * WARM_UP_SHARE);
    const [before, loopBefore] = [await scrape(), mainThreadSeconds(server.pid)];
    const { latencies, seconds } = await closedLoop(load);
    const [loopAfter, after] = [mainThreadSeconds(server.pid), await scrape()];

    const requests = latencies.length;
    const cpuSeconds = after.since(before, 'process_cpu_seconds_total');
    const runSeconds = after.since(before, 'inference_run_duration_seconds_sum');
    const runs = after.since(before, 'inference_run_duration_seconds_count');
    const threadSeconds = loopBefore === undefined || loopAfter === undefined ? undefined : loopAfter - loopBefore;
    const loopSeconds = loopTime({ cpuSeconds, runSeconds, runs, threadSeconds });
    const batchingObstacle = maxBatchSize > 1 ? server.batchingObstacle : undefined;
    const residentBytes = [ready, before, after].map((metrics) => metrics.get('process_resident_memory_bytes'));
    return {
      served: {
        threads,
        maxBatchSize: batchingObstacle === undefined ? maxBatchSize : 1,
        rowsPerRun: rounded(requests / runs),
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
        peakMiB: inMiB(Math.max(...residentBytes, peakBytes(server.pid) ?? 0)),
      },
      batchingObstacle,
    };
  } catch (error) {
    plan.signal.throwIfAborted();
    if (!(error instanceof RefusedRequest)) throw error;
    throw new ModelServingError([measuringErrors.requestRefused(path, error.message, server.lastLines)]);
  } finally {
    await server.stop();
  }
}

function loadPlan({ modelName, request, maxBatchSize, rowsPerSecond, seconds }: ServicePlan, port: number): LoadPlan {
  const clients = loadClients(maxBatchSize, rowsPerSecond);
  const path = `/v2/models/${modelName}/infer`;
  return { port, path, request, clients, seconds, minResponses: MIN_RESPONSES };
}
