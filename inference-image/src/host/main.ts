import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { Inflater } from '../budget/inflater';
import { MemoryBudget } from '../budget/memory-budget';
import { Codec } from '../codec/codec';
import { CodecThread } from '../codec/codec-thread';
import { ConfigurationError, readConfiguration, type Configuration } from './configuration';
import { cpuQuota, defaultThreads } from './cpu-quota';
import { messageOf } from '../base/errors';
import { GrpcPort } from '../grpc/grpc-port';
import { PictureReader } from '../pictures/picture-reader';
import { PictureThread } from '../pictures/picture-thread';
import { Connections } from '../http/connections';
import { buildMetricsServer } from '../http/metrics-server';
import { UnreadAnswers } from '../budget/unread-answers';
import { endOnSignals } from './lifecycle';
import type { WorkerExecutor } from '../inference/worker-executor';
import { createLog } from '../base/log';
import { largestRequestWithin } from '../contract/memory';
import { loadedBudget, requestLimits } from './request-limits';
import { stoppable } from './stoppable';
import { ModelHost } from './model-host';
import { Metrics } from '../metrics/metrics';
import type { Signals } from './signals';
import { SERVER_METADATA } from '../protocol/metadata';

/** Limits of the metrics port, to which few scrapers connect. */
const METRICS_CONNECTIONS = { maxConnections: 16, sendTimeoutSeconds: 10, maxConnectionAgeSeconds: Infinity };

/** @param startExecutor Starts an executor's thread. */
async function serve(
  configuration: Configuration,
  startExecutor: () => WorkerExecutor,
  signals: Signals,
): Promise<void> {
  const { settings, manifest } = configuration;
  const log = createLog(settings.logLevel);
  const threadsPerExecutor = settings.threadsPerExecutor ?? defaultThreads(cpuQuota(), settings.executors);
  log.info(
    {
      server: SERVER_METADATA.version,
      model: manifest.name,
      version: manifest.version,
      sha256: manifest.sha256,
      executors: settings.executors,
      threadsPerExecutor,
    },
    'starting',
  );
  const host = new ModelHost({ ...configuration, threadsPerExecutor, startExecutor, log });
  const started = host.start();

  // Loaded here, while the executors' threads load the model.
  const { buildApp } = await import('../http/app.js');
  const limits = requestLimits(configuration);
  const { maxRequestBytes } = limits;
  const budget = new MemoryBudget(limits.budgetBytes);
  const inflater = new Inflater();
  const metrics = new Metrics(manifest, host.scheduler, budget);
  host.scheduler.onRun = (run) => metrics.observeRun(run);
  const { decoder, dataPlane } = host;
  const startThread = () => new CodecThread(join(__dirname, 'codec.cjs'), manifest);
  const codec = new Codec({ model: manifest, decoder, startThread, maxQueueLength: settings.maxQueueLength });
  const { image: picture } = manifest;
  const { maxQueueLength, maxQueueBytes, queueTimeoutSeconds } = settings;
  const pictures =
    picture &&
    new PictureReader({
      spec: picture,
      outputs: manifest.signature.outputs,
      startThread: () => new PictureThread(picture),
      maxQueueLength,
      maxQueueBytes,
      queueTimeoutSeconds,
    });
  const { executors, maxBatchDelaySeconds } = settings;
  const tuning = {
    executors,
    maxBatchDelaySeconds,
    axes: host.sharing.axes,
    get maxBatchSize() {
      return host.scheduler.maxBatchSize;
    },
  };
  const page = settings.page ? (await import('../page/page.js')).pageOf(configuration) : undefined;
  const unread = new UnreadAnswers(budget, metrics);
  /** Options that both transports use. */
  const serving = {
    ...settings,
    model: manifest,
    tuning,
    dataPlane,
    metrics,
    log,
    maxRequestBytes,
    budget,
    inflater,
    unread,
  };
  const app = buildApp({ ...serving, codec, pictures, page });
  await app.ready();
  const connections = new Connections(app.server, { ...settings, budget, unread, metrics });
  const grpc = new GrpcPort({
    load: async () => {
      const { grpcServer } = await import('../grpc/grpc-server.js');
      return grpcServer(serving);
    },
    maxConnections: settings.maxConnections,
    queueTimeoutSeconds: settings.queueTimeoutSeconds,
    unread,
    metrics,
    log,
  });
  const metricsServer = buildMetricsServer(metrics);
  new Connections(metricsServer, { ...METRICS_CONNECTIONS, budget, metrics });

  const readers = pictures ? [codec, pictures] : [codec];
  endOnSignals(signals, stoppable({ host, transports: [connections, grpc], readers }), settings.drainSeconds, log);

  try {
    await listen(metricsServer, settings.metricsPortNumber, settings.host);
    await listen(grpc.listener, settings.grpcPortNumber, settings.host);
    await listen(app.server, settings.httpPortNumber, settings.host);
  } catch (error) {
    log.fatal(messageOf(error));
    dataPlane.fail(messageOf(error));
    // Exiting while a thread loads or runs the model would abort the process.
    await host.close();
    process.exit(1);
  }
  const url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${portOf(app.server)}`;
  const ports = { httpPort: portOf(app.server), grpcPort: portOf(grpc.listener), metricsPort: portOf(metricsServer) };
  log.info({ url, ...ports }, 'listening');
  await started;
  if (!dataPlane.ready) return;
  budget.totalBytes = loadedBudget(configuration, process.memoryUsage.rss(), limits);
  const requestBudgetBytes = budget.totalBytes;
  if (maxRequestBytes > largestRequestWithin(requestBudgetBytes, { ...limits.cost, answerBytes: 0 })) {
    log.warn(
      { maxRequestBytes, requestBudgetBytes },
      'a request of maxRequestBytes needs more memory than requestBudgetBytes',
    );
  }
  log.info({ url, startSeconds: process.uptime(), maxRequestBytes, requestBudgetBytes, ...host.sharedRuns }, 'ready');
  await host.loadInline();
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/**
 * Runs the server until a signal ends it.
 * @param first Executor whose thread has already been started.
 * @param startExecutor Starts another executor.
 */
export async function main(
  first: WorkerExecutor,
  startExecutor: () => WorkerExecutor,
  signals: Signals,
): Promise<void> {
  const startedExecutors = [first];
  try {
    await serve(readConfiguration(process.env), () => startedExecutors.pop() ?? startExecutor(), signals);
  } catch (error) {
    const log = createLog('fatal');
    // Logs one line for each problem, which is easier to read in `docker logs`.
    for (const problem of error instanceof ConfigurationError ? error.problems : [messageOf(error)]) log.fatal(problem);
    await Promise.all(startedExecutors.map((executor) => executor.close()));
    process.exit(1);
  }
}
