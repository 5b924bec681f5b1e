import { GOLDEN_FILE } from '../../inference-image/src/contract/model-manifest';
import { rowAxes, rowSymbols } from '../../inference-image/src/contract/row-axes';
import { inputSymbols } from '../../inference-image/src/contract/signature';
import { ModelServingError, type Problem } from '../errors';
import { LocalStage } from '../local-stage';
import { inMiB } from '../memory';
import type { OnnxModel } from '../model/onnx-model';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import { thisMachine } from './machine';
import { measureExecutor, measureRuns, ROUNDS } from './measure-runs';
import { measureService, WARM_UP } from './measure-service';
import { measuringErrors } from './measuring-errors';
import type { ModelProfile } from './model-profile';
import type { OnStep } from './progress';
import { rounded } from './quantile';
import { bestRate, largestSaturatingBatchSize, threadCounts } from './saturation';
import { TrialProcess } from './trial-process';

export interface ProfileOptions {
  /** Of the model, for messages. */
  readonly path: string;
  /** @default - 1, 2, 4 and so on up to the CPUs, and these */
  readonly threads?: readonly number[];
  readonly maxBatchSize: number;
  /** Sizes of symbolic dimensions but those that count rows. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** Of each measurement; the server is under load for ten times as long. */
  readonly seconds: number;
  /** Ends everything that was started. */
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

export interface Profiled {
  readonly profile: ModelProfile;
  /** Why batches were measured in vain: the server does not make them. */
  readonly batchingObstacle?: string;
}

/** The server is under load for so many times as long as one run is repeated. */
const LOAD_FACTOR = 10;

/** What the server and the last process take, in steps of `measureRuns`. */
const SERVER_STEPS = ROUNDS * LOAD_FACTOR * (1 + WARM_UP);
const MEMORY_STEPS = ROUNDS;

/**
 * Measures a model on this machine.
 *
 * @throws ModelServingError what measuringErrors has; the signal's reason once it is aborted
 */
export async function profileModel(model: OnnxModel, options: ProfileOptions): Promise<Profiled> {
  ModelServingError.throwIfAny(checkDimensions(model, options));
  const stage = LocalStage.of(model);
  try {
    return await measure(model, stage, options);
  } finally {
    stage.remove();
  }
}

async function measure(model: OnnxModel, stage: LocalStage, options: ProfileOptions): Promise<Profiled> {
  const { path, seconds, signal, threads, onStep } = options;
  const hasExample = model.files.some((file) => file.path === GOLDEN_FILE);
  const maxBatchSize = model.batching.verdict === 'independent' ? options.maxBatchSize : 1;
  const plan = { path, hasExample, threads, maxBatchSize, seconds };

  const { request, ...measured } = await withTrial(stage, options, async (trial) => {
    const runs = await measureRuns(trial, plan, (step) => {
      onStep({ ...step, left: step.left + SERVER_STEPS + MEMORY_STEPS });
    });
    return { ...runs, request: await trial.ask('while it wrote a request', 'request') };
  });

  const done = ROUNDS * measured.runs.length;
  const step = (what: string, more: number) => {
    onStep({ what, done: done + more, left: SERVER_STEPS + MEMORY_STEPS - more });
  };
  const batchSize = largestSaturatingBatchSize(measured.runs);
  const service = await measureService(
    {
      stage,
      path,
      signal,
      request,
      modelName: model.name,
      maxBatchSize: batchSize,
      rowsPerSecond: bestRate(measured.runs, Math.min(...threadCounts(measured.runs))),
      seconds: LOAD_FACTOR * seconds,
    },
    (what, partDone) => step(what, SERVER_STEPS * partDone),
  );

  const { batchingObstacle } = service;
  const runs = batchingObstacle === undefined ? measured.runs : measured.runs.filter((run) => run.batchSize === 1);
  step('memory of an executor', SERVER_STEPS);
  // In a process that has let go of nothing yet: memory that is free already would be used again.
  const executorBytes = await withTrial(stage, options, (trial) =>
    measureExecutor(trial, plan, largestSaturatingBatchSize(runs)),
  );

  const { loadSeconds, warmUpSeconds, dimensions, cpus } = measured;
  const { served, readySeconds, memory } = service;
  return {
    profile: {
      profileVersion: 1,
      sha256: model.sha256,
      runtimeVersion: RUNTIME_VERSION,
      measuredAt: new Date().toISOString(),
      machine: thisMachine(rounded(cpus)),
      dimensions,
      runs,
      served,
      start: { loadSeconds, warmUpSeconds, readySeconds },
      // Even so some may have been: the weights at least are new.
      memory: { ...memory, executorMiB: Math.max(inMiB(executorBytes), inMiB(model.sizeBytes)) },
    },
    batchingObstacle,
  };
}

async function withTrial<T>(
  stage: LocalStage,
  { path, dimensions, signal }: ProfileOptions,
  use: (trial: TrialProcess) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const trial = new TrialProcess({ stage, path, dimensions, signal });
  try {
    return await use(trial);
  } finally {
    await trial.close();
  }
}

function checkDimensions(model: OnnxModel, { path, dimensions }: ProfileOptions): Problem[] {
  const { signature, batching } = model;
  const counting = rowSymbols(signature, rowAxes(batching));
  const symbols = inputSymbols(signature).filter((symbol) => !counting.has(symbol));
  return Object.keys(dimensions)
    .filter((name) => !symbols.includes(name))
    .map((name) =>
      counting.has(name)
        ? measuringErrors.dimensionOfBatch(path, name)
        : measuringErrors.dimensionUnknown(path, name, symbols),
    );
}
