import type { RowAxes } from '../contract/batching-verdict';
import { elementCount, type Signature } from '../contract/signature';
import type { Executor, Run } from './executor';
import type { Measurement } from './inline-executor';
import { emptyData, totalElements } from './tensor';

/** Runs to take the median of; fewer where the model is slow, since only fast ones are told apart by it. */
const MEASURED_RUNS = 15;
const SLOW_RUN_SECONDS = 0.01;

/** What measuring may add to a start. */
const MEASURING_SECONDS = 0.006;

/** Sizes of free dimensions, for models that refuse 1: 2, 4, 8 and so on. */
const LARGEST_SIZE = 16_384;

/** Elements of all inputs of one row, such as a picture of 512 x 512 pixels. A trial makes batches of rows. */
const MAX_ELEMENTS = 2 ** 18;

/** Time limit after which no further size is tried. */
const MAX_SECONDS = 5;

/** Zeros and empty strings of one row: every other dimension that is not fixed has this size. */
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

/**
 * The sizes above 1 to try a model with that refuses 1, such as a convolution. There are none where every dimension is
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
 * Runs the model until what it does only once is done, and measures it.
 * @param makeRun Makes a new run, since an executor keeps the data of each.
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
