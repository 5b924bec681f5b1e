import { elementCount, type Signature } from '../contract/signature';
import type { Tensor } from '../inference/tensor';
import { trialTensor, type TrialValues } from '../inference/trial-values';

/** A place of a free dimension among the inputs. */
interface Place {
  readonly input: number;
  readonly axis: number;
}

/**
 * The dimensions of a model's inputs that are not fixed. One symbol is one dimension wherever it stands; each unnamed
 * dimension is one of its own.
 */
export class FreeDimensions {
  /** For each of them, whether it probably counts rows: their number may stay small. */
  readonly areRows: readonly boolean[];
  private readonly places: readonly (readonly Place[])[];

  constructor(private readonly signature: Signature) {
    const places = new Map<string, Place[]>();
    signature.inputs.forEach(({ dimensions }, input) =>
      dimensions.forEach((dimension, axis) => {
        if (typeof dimension === 'number') return;
        const key = dimension === null ? `${input} ${axis}` : `symbol ${dimension}`;
        places.set(key, [...(places.get(key) ?? []), { input, axis }]);
      }),
    );
    this.places = [...places.values()];
    const first = this.places.map((each) => each.some(({ axis }) => axis === 0));
    // A recurrent state has its rows on axis 1, and nothing else that is free.
    const isAlone = (place: Place) =>
      signature.inputs[place.input]!.dimensions.filter((size) => typeof size !== 'number').length === 1;
    const state = this.places.map((each) => first.includes(true) && each.some((place) => isAlone(place)));
    this.areRows = first.map((isFirst, index) => isFirst || state[index]!);
  }

  get count(): number {
    return this.places.length;
  }

  /** The inputs' shapes, with a size for each free dimension. */
  shapes(sizes: readonly number[]): number[][] {
    const shapes = this.signature.inputs.map(({ dimensions }) =>
      dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : 1)),
    );
    this.places.forEach((places, index) => {
      for (const { input, axis } of places) shapes[input]![axis] = sizes[index]!;
    });
    return shapes;
  }

  /** Made-up inputs of these sizes. */
  inputs(sizes: readonly number[], values: TrialValues): Tensor[] {
    const shapes = this.shapes(sizes);
    return this.signature.inputs.map(({ name, datatype }, i) =>
      trialTensor({ name, datatype, shape: shapes[i]! }, values),
    );
  }

  elements(sizes: readonly number[]): number {
    return this.shapes(sizes).reduce((total, shape) => total + elementCount(shape), 0);
  }
}
