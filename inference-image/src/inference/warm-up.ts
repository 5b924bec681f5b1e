import { elementCount, type Signature } from '../contract/signature';
import type { Executor, Run } from './executor';
import type { Measurement } from './inline-executor';
import { emptyData, totalElements } from './tensor';

/** Runs to take the median of; fewer where the model is slow, since only fast ones are told apart by it. */
const MEASURED_RUNS = 15;
const SLOW_RUN_SECONDS = 0.01;

/** What measuring may add to a start. */
const MEASURING_SECONDS = 0.006;

/** Zeros and empty strings of the smallest shape: every dimension that is not fixed is 1. */
export function smallestRun(signature: Signature): Run {
  const inputs = signature.inputs.map(({ name, datatype, dimensions }) => {
    const shape = dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : 1));
    return { name, datatype, shape, data: emptyData(datatype, elementCount(shape)) };
  });
  return { inputs, outputs: signature.outputs.map(({ name }) => name) };
}

/**
 * Runs the model until what it does only once is done, and measures it.
 * @param makeRun Makes a run anew, since each gives its data away.
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
