import type { RowAxes } from '../contract/batching-verdict';
import { elementCount, type Signature } from '../contract/signature';
import type { Executor, Run } from './executor';
import type { Measurement } from './inline-executor';
import { emptyData, totalElements } from '../tensor/tensor';
import { trialTensor } from './trial-values';

/**
 * Number of runs from which the median is taken. Slow models run fewer times, because only fast models need a precise
 * value.
 */
const MEASURED_RUNS = 15;
const SLOW_RUN_SECONDS = 0.01;

/** Limit on the time that the measured runs add to the startup. */
const MEASURING_SECONDS = 0.006;

/** Largest size tried for free dimensions of a model that refuses size 1; the sizes are 2, 4, 8 and so on. */
const LARGEST_SIZE = 16_384;

/**
 * Limit on the input elements of one row, as in a gray picture of 512 x 512 pixels. A trial runs batches of such rows.
 */
const MAX_ELEMENTS = 2 ** 18;

/** Time after which no larger size is tried. */
const MAX_SECONDS = 5;

/**
 * Creates a run of one row that contains zeros and empty strings. All free dimensions that do not count rows have the
 * given size.
 */
export function zerosRun(signature: Signature, size: number, axes?: RowAxes): Run {
  const inputs = signature.inputs.map(({ name, datatype, dimensions }, i) => {
    const shape = dimensions.map((dimension, axis) => {
      if (typeof dimension === 'number') return dimension;
      return axis === axes?.inputAxes[i] ? 1 : size;
    });
    return { name, datatype, shape, data: emptyData(datatype, elementCount(shape)) };
  });
  return { inputs, outputs: signature.outputs.map(({ name }) => name) };
}

/** Replaces the values of a run with ones and one-letter strings. */
export function onesRun({ inputs, outputs }: Run): Run {
  return { inputs: inputs.map((header) => trialTensor(header, { at: () => 1 })), outputs };
}

/**
 * Sizes above 1 to try if a model, such as one with convolutions, refuses size 1. There are none if every dimension is
 * fixed or counts rows.
 */
export function* largerSizes(signature: Signature, axes?: RowAxes): Generator<number> {
  const isFree = signature.inputs.some(({ dimensions }, i) => {
    return dimensions.some((size, axis) => typeof size !== 'number' && axis !== axes?.inputAxes[i]);
  });
  const end = performance.now() + 1000 * MAX_SECONDS;
  for (let size = 2; isFree && size <= LARGEST_SIZE && performance.now() < end; size *= 2) {
    if (elementsAt(signature, size, axes) > MAX_ELEMENTS) return;
    yield size;
  }
}

function elementsAt({ inputs }: Signature, size: number, axes?: RowAxes): number {
  const counts = inputs.map(({ dimensions }, i) =>
    dimensions.reduce<number>((count, dimension, axis) => {
      if (typeof dimension === 'number') return count * dimension;
      return axis === axes?.inputAxes[i] ? count : count * size;
    }, 1),
  );
  return counts.reduce((total, count) => total + count, 0);
}

/**
 * Runs the model until its one-time initialization is done, and then measures it.
 * @param makeRun Creates a new run, because an executor takes ownership of its data.
 */
export async function warmUp(executor: Executor, makeRun: () => Run): Promise<Measurement> {
  const elements = totalElements(makeRun().inputs);
  const first = await executor.run(makeRun());
  if (first.runSeconds > SLOW_RUN_SECONDS) return { runSeconds: first.runSeconds, elements };
  const seconds: number[] = [];
  let total = 0;
  while (seconds.length < MEASURED_RUNS && total < MEASURING_SECONDS) {
    const { runSeconds } = await executor.run(makeRun());
    seconds.push(runSeconds);
    total += runSeconds;
  }
  seconds.sort((a, b) => a - b);
  return { runSeconds: seconds[seconds.length >> 1] as number, elements };
}
