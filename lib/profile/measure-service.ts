import type { TrialRequest } from '../../inference-image/src/contract/trial';
import { ModelServingError } from '../errors';
import { inMiB } from '../memory';
import { askOnce, closedLoop, type LoadPlan, RefusedRequest } from './closed-loop';
import { loadClients, MOST_CLIENTS } from './load-clients';
import { loopTime } from './loop-time';
import { MeasuredServer, type MeasuredServerOptions } from './measured-server';
import { measuringErrors } from './measuring-errors';
import type { MeasuredMemory, MeasuredService } from './model-profile';
import { mainThreadSeconds, peakBytes } from './process-figures';
import { quantile, rounded } from './quantile';
import { ServerMetrics } from './server-metrics';

/** All clients may wait at once: the load is to be answered, not refused. */
const QUEUE = { maxQueueLength: MOST_CLIENTS, maxQueueBytes: 2 ** 40 };

/** Fewer would tell little of the slowest. */
const LEAST_ANSWERS = 100;

/** Of the load's time: a load before it that does not count. */
export const WARM_UP = 1 / 3;

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
export async function measureService(
  plan: ServicePlan,
  onStep: (what: string, partDone: number) => void,
): Promise<ServiceMeasured> {
  const { maxBatchSize, path } = plan;
  onStep('the server starts', 0);
  const settings = { executors: 1, threadsPerExecutor: 1, maxBatchSize, ...QUEUE };
  const server = await MeasuredServer.start({ ...plan, settings });
  try {
    const scrape = () => ServerMetrics.scrape(server.ports.metricsPort);
    const ready = await scrape();
    onStep('the server warms up', 0);
    const load = loadPlan(plan, server.ports.httpPort);
    await askOnce(load);
    await closedLoop({ ...load, seconds: plan.seconds * WARM_UP, leastAnswers: 0 });
    onStep('the server under load', WARM_UP / (1 + WARM_UP));
    const [before, loopBefore] = [await scrape(), mainThreadSeconds(server.pid)];
    const { latencies, seconds } = await closedLoop(load);
    const [loopAfter, after] = [mainThreadSeconds(server.pid), await scrape()];

    const requests = latencies.length;
    const cpuSeconds = after.since(before, 'process_cpu_seconds_total');
    const runSeconds = after.since(before, 'inference_run_duration_seconds_sum');
    const runs = after.since(before, 'inference_run_duration_seconds_count');
    const threadSeconds = loopBefore === undefined || loopAfter === undefined ? undefined : loopAfter - loopBefore;
    const loopSeconds = loopTime({ cpuSeconds, runSeconds, runs, threadSeconds });
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
        peakMiB: inMiB(Math.max(...residentBytes, peakBytes(server.pid) ?? 0)),
      },
      batchingObstacle: maxBatchSize > 1 ? server.batchingObstacle : undefined,
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
  return { port, path, request, clients, seconds, leastAnswers: LEAST_ANSWERS };
}
