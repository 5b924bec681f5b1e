import type { TrialReport } from '../contract/load-messages';
import type { Signature, TensorSignature } from '../contract/signature';
import type { Session } from '../inference/session';
import type { Tensor } from '../tensor/tensor';
import { FreeDimensions } from './free-dimensions';

const POSITIVE = { at: () => 1 };

/** Smallest values of the integer types that processors divide natively. */
const SMALLEST: Partial<Record<TensorSignature['datatype'], number>> = { INT32: -(2 ** 31), INT64: -(2 ** 63) };

/** Maximum number of inputs that are tried as a divisor, one at a time. */
const MAX_DIVISORS = 16;

/**
 * Runs a model on inputs that may crash the runtime. Whether the model refuses them does not matter; what matters is
 * whether the process survives.
 *
 * @param sizes Sizes of the free dimensions that the model accepts.
 * @param report Called before each run.
 */
export class EdgeTrial {
  private readonly free: FreeDimensions;

  constructor(
    private readonly session: Session,
    private readonly signature: Signature,
    private readonly sizes: readonly number[],
    private readonly report: (line: TrialReport) => void,
  ) {
    this.free = new FreeDimensions(signature);
  }

  /** Runs the model with each free dimension empty. */
  tryEmpty(): void {
    for (const [index] of this.sizes.entries()) {
      const inputs = this.free.inputs(this.sizes.with(index, 0), POSITIVE);
      this.report({ edge: 'empty', shapes: inputs.map(({ shape }) => shape) });
      this.run(inputs);
    }
  }

  /** Runs the model with the smallest integers, which processors cannot divide by -1. */
  tryIntegers(): void {
    const inputs = this.free.inputs(this.sizes, POSITIVE).map((input) => filled(input, SMALLEST[input.datatype]));
    const integers = inputs.filter(({ datatype }) => datatype in SMALLEST);
    if (integers.length === 0) return;
    for (const divisor of [...integers.slice(0, MAX_DIVISORS), undefined]) {
      this.report({ edge: 'integers' });
      this.run(inputs.map((input) => (input === divisor ? filled(input, -1) : input)));
    }
  }

  private run(inputs: readonly Tensor[]): void {
    try {
      this.session.run({ inputs, outputs: this.signature.outputs.map(({ name }) => name) });
    } catch {
      // Ignored: the server would return this error to the client.
    }
  }
}

function filled(tensor: Tensor, value: number | undefined): Tensor {
  if (value === undefined) return tensor;
  const { length } = tensor.data;
  const data =
    tensor.datatype === 'INT64' ? new BigInt64Array(length).fill(BigInt(value)) : new Int32Array(length).fill(value);
  return { ...tensor, data };
}
