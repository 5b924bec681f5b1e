import { freeDimensions, rowAxes, rowSymbols } from '../../inference-image/src/contract/batching-verdict';
import { GOLDEN_FILE } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError, type Problem } from '../base/errors';
import { unknownDimensions } from '../model/unknown-dimensions';
import { LocalStage } from '../local/local-stage';
import { RUNTIME_VERSION } from '../model/runtime-limits';
import type { OnnxModel } from '../onnx-model/onnx-model';
import { sizesText, MAX_LOAD } from '../profile/describe-profile';
import type { MeasuredSize, ModelProfile } from '../profile/model-profile';
import { fewestThreads, servableBatch } from '../sizing/measured-runs';
import { inMiB } from '../sizing/memory';
import { loadAtRest, MachineLoad, thisMachine } from './machine';
import { measureExecutor, measureRuns, type RunsMeasured, type RunsPlan } from './measure-runs';
import { measureService, type ServiceMeasured, serviceSeconds } from './measure-service';
import { measuringErrors } from './measuring-errors';
import { rounded } from '../base/quantile';
import { TrialProcess } from './trial-process';

export interface ProfileOptions {
  /** Path of the model; used in messages. */
  readonly path: string;
  /** @default - 1, 2, 4 and so on below the number of CPUs, and that number */
  readonly threads?: readonly number[];
  readonly maxBatchSize: number;
  /** Sizes of free dimensions that do not count rows, keyed by symbol or by `INPUT:AXIS`. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** A dimension to measure at several sizes. @default - each dimension has one size */
  readonly at?: { readonly name: string; readonly sizes: readonly number[] };
  /** Duration of each measurement. The server is under load for ten times as long. */
  readonly seconds: number;
  /** Whether to measure even on a busy machine. @default false */
  readonly force?: boolean;
  /** Signal that stops all processes of the measurement. */
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
}

export interface Profiled {
  readonly profile: ModelProfile;
  /** Reason why the server forms no batches although batches were measured. */
  readonly batchingObstacle?: string;
  /** Problems at sizes that could not be measured. */
  readonly problems: readonly Problem[];
}

/** Duration of the load on the server, as a multiple of `seconds`. */
const LOAD_FACTOR = 10;

/** Number of runs in each of two sessions, to measure the memory of one session. */
const EXECUTOR_RUNS = 5;

/** Everything that is measured at one size. */
interface Measured {
  readonly runs: RunsMeasured;
  readonly service: ServiceMeasured;
  readonly executorMiB: number;
}

/** Reports a step and the number of seconds left at the current size. */
type OnSizeStep = (what: string, detail: string | undefined, left: number) => void;

/**
 * Measures a model on this machine.
 *
 * @throws ModelServingError any of `measuringErrors`; the abort reason if the signal aborts
 */
export async function profileModel(model: OnnxModel, options: ProfileOptions): Promise<Profiled> {
  const { path, force, signal } = options;
  ModelServingError.throwIfAny(checkDimensions(model, options));
  const refuseLoad = (share: number) => {
    if (share > MAX_LOAD && !force) throw new ModelServingError([measuringErrors.machineBusy(path, share)]);
  };
  const restLoad = await loadAtRest(signal);
  refuseLoad(restLoad);
  const load = new MachineLoad();
  const stage = LocalStage.of(model);
  try {
    const { measured, problems } = await measureSizes(model, stage, options);
    const share = load.share() ?? restLoad;
    refuseLoad(share);
    const { batchingObstacle } = measured[0]!.service;
    return { profile: profileOf(model, measured, share), batchingObstacle, problems };
  } finally {
    stage.remove();
  }
}

/** Measures at each size, and skips a size that fails. @throws ModelServingError if all sizes fail */
async function measureSizes(
  model: OnnxModel,
  stage: LocalStage,
  options: ProfileOptions,
): Promise<{ readonly measured: readonly Measured[]; readonly problems: readonly Problem[] }> {
  const { at, dimensions, onStep } = options;
  const sizes = at ? at.sizes.map((size) => ({ ...dimensions, [at.name]: size })) : [dimensions];
  const measured: Measured[] = [];
  const problems: Problem[] = [];
  const start = performance.now();
  let taken = 0;
  for (const [i, size] of sizes.entries()) {
    const begun = performance.now();
    const name = at && sizesText({ [at.name]: size[at.name]! });
    const onSizeStep: OnSizeStep = (what, detail, left) => {
      const done = (performance.now() - start) / 1000;
      // Assumes that each remaining size takes as long as the previous one, or as the current one if it is the first.
      const each = taken || (performance.now() - begun) / 1000 + left;
      onStep({ what: name ? `${name}: ${what}` : what, detail, done, left: left + each * (sizes.length - i - 1) });
    };
    try {
      measured.push(await measure(model, stage, { ...options, dimensions: size }, onSizeStep));
      taken = (performance.now() - begun) / 1000;
    } catch (error) {
      if (!at || !(error instanceof ModelServingError)) throw error;
      problems.push(...error.problems.map((problem) => measuringErrors.atSize(at.name, size[at.name]!, problem)));
    }
  }
  if (measured.length === 0) throw new ModelServingError(problems);
  return { measured, problems };
}

async function measure(
  model: OnnxModel,
  stage: LocalStage,
  options: ProfileOptions,
  onStep: OnSizeStep,
): Promise<Measured> {
  const { path, seconds, signal, threads, dimensions, at } = options;
  const hasExample = model.files.some((file) => file.path === GOLDEN_FILE);
  const maxBatchSize = model.batching.verdict === 'independent' ? options.maxBatchSize : 1;
  const size = at && { name: at.name, size: dimensions[at.name]! };
  const plan: RunsPlan = { path, hasExample, threads, maxBatchSize, seconds, at: size };

  const { request, runs } = await withTrial(stage, options, async (trial) => {
    const least = serviceSeconds({ seconds: LOAD_FACTOR * seconds, rowsPerSecond: Infinity });
    const measured = await measureRuns(trial, plan, (what, detail, left) => onStep(what, detail, left + least));
    return { runs: measured, request: await trial.call('while it wrote a request', 'request') };
  });
  const served = servableBatch(runs.runs, fewestThreads(runs));
  const memorySeconds = 2 * runs.loadSeconds + 2 * EXECUTOR_RUNS * (served.batchSize / served.rowsPerSecond);
  const service = await measureService(
    {
      stage,
      path,
      signal,
      request,
      modelName: model.name,
      threads: served.threads,
      maxBatchSize: served.batchSize,
      rowsPerSecond: served.rowsPerSecond,
      seconds: LOAD_FACTOR * seconds,
    },
    (what, left) => onStep(what, undefined, left + memorySeconds),
  );
  onStep('measuring the memory of an executor', undefined, memorySeconds);
  const batchSize = service.served.maxBatchSize ?? served.batchSize;
  // A new process is used, because memory that was freed in the old one would be reused and not counted.
  const executorBytes = await withTrial(stage, options, (trial) => measureExecutor(trial, plan, batchSize));
  return { runs, service, executorMiB: inMiB(executorBytes) };
}

function profileOf(model: OnnxModel, all: readonly Measured[], otherLoad: number): ModelProfile {
  const [first] = all as readonly [Measured, ...Measured[]];
  const { loadSeconds, warmUpSeconds, cpus } = first.runs;
  const [size, ...sizes] = all.map(sizeOf) as [MeasuredSize, ...MeasuredSize[]];
  const most = (valueOf: (measured: Measured) => number) => Math.max(...all.map(valueOf));
  return {
    profileVersion: 1,
    sha256: model.sha256,
    runtimeVersion: RUNTIME_VERSION,
    measuredAt: new Date().toISOString(),
    machine: thisMachine(rounded(cpus), rounded(otherLoad)),
    ...size,
    ...(sizes.length > 0 && { sizes }),
    start: { loadSeconds, warmUpSeconds, readySeconds: first.service.readySeconds },
    memory: {
      readyMiB: most(({ service }) => service.memory.readyMiB),
      peakMiB: most(({ service }) => service.memory.peakMiB),
      // Some freed memory may be reused even in a new process. The size of the weights is a lower bound.
      executorMiB: Math.max(
        inMiB(model.sizeBytes),
        most(({ executorMiB }) => executorMiB),
      ),
    },
  };
}

function sizeOf({ runs: { dimensions, runs }, service: { served, batchingObstacle } }: Measured): MeasuredSize {
  return {
    dimensions,
    runs: batchingObstacle === undefined ? runs : runs.filter((run) => run.batchSize === 1),
    served,
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

function checkDimensions({ signature, batching }: OnnxModel, { path, dimensions, at }: ProfileOptions): Problem[] {
  const axes = rowAxes(batching);
  const free = freeDimensions(signature, axes);
  const isOfBatch = (name: string) =>
    rowSymbols(signature, axes).has(name) ||
    signature.inputs.some((input, i) => name === `${input.name}:${axes?.inputAxes[i]}`);
  const check = (option: string, name: string) =>
    isOfBatch(name)
      ? [measuringErrors.dimensionOfBatch(path, option, name)]
      : unknownDimensions(path, option, [name], free);
  return [
    ...Object.keys(dimensions).flatMap((name) => check('--dimension', name)),
    ...(at ? check('--at', at.name) : []),
    ...(at && Object.hasOwn(dimensions, at.name) ? [measuringErrors.dimensionTwice(path, at.name)] : []),
  ];
}

/** The current step of a measurement. */
export interface Step {
  readonly what: string;
  readonly detail?: string;
  /** Seconds since the beginning. */
  readonly done: number;
  /** Estimated seconds left. Later steps can turn out to be slower or unnecessary. */
  readonly left: number;
}

export type OnStep = (step: Step) => void;
