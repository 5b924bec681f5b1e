import type { RowAxes } from '../contract/batching-verdict';
import type { InputValues, InputValuesByName } from '../contract/input-values';
import { elementCount, type Signature } from '../contract/signature';
import type { Tensor } from '../tensor/tensor';
import { trialTensor, type TrialValues } from '../inference/trial-values';

/** Position of a free dimension in the inputs. */
interface Place {
  readonly input: number;
  readonly axis: number;
}

/**
 * Free dimensions of a model's inputs. All positions with the same symbol are one dimension; each unnamed dimension is
 * separate.
 */
export class FreeDimensions {
  /**
   * For each dimension, whether it counts rows (if that is not proved, whether it probably does). Trials keep the
   * number of rows small.
   */
  readonly areRows: readonly boolean[];
  private readonly places: readonly (readonly Place[])[];

  /**
   * @param axes Row axes, if independence is proved.
   * @param takes Values that the graph accepts at each input.
   */
  constructor(
    private readonly signature: Signature,
    axes?: RowAxes,
    private readonly takes: InputValuesByName = {},
  ) {
    const places = new Map<string, Place[]>();
    signature.inputs.forEach(({ dimensions }, input) =>
      dimensions.forEach((dimension, axis) => {
        if (typeof dimension === 'number') return;
        const key = dimension === null ? `${input} ${axis}` : `symbol ${dimension}`;
        places.set(key, [...(places.get(key) ?? []), { input, axis }]);
      }),
    );
    this.places = [...places.values()];
    if (axes) {
      this.areRows = this.places.map((each) => each.some(({ input, axis }) => axes.inputAxes[input] === axis));
      return;
    }
    const first = this.places.map((each) => each.some(({ axis }) => axis === 0));
    // A recurrent state has its rows on axis 1, and no other free dimension.
    const isAlone = (place: Place) =>
      signature.inputs[place.input]!.dimensions.filter((size) => typeof size !== 'number').length === 1;
    const state = this.places.map((each) => first.includes(true) && each.some((place) => isAlone(place)));
    this.areRows = first.map((isFirst, index) => isFirst || state[index]!);
  }

  get count(): number {
    return this.places.length;
  }

  /** Shapes of the inputs if the free dimensions have the given sizes. */
  shapes(sizes: readonly number[]): number[][] {
    const shapes = this.signature.inputs.map(({ dimensions }) =>
      dimensions.map((dimension) => (typeof dimension === 'number' ? dimension : 1)),
    );
    this.places.forEach((places, index) => {
      for (const { input, axis } of places) shapes[input]![axis] = sizes[index]!;
    });
    return shapes;
  }

  /** Generates inputs of these sizes. */
  inputs(sizes: readonly number[], values: TrialValues): Tensor[] {
    const shapes = this.shapes(sizes);
    return this.signature.inputs.map(({ name, datatype }, i) =>
      trialTensor({ name, datatype, shape: shapes[i]! }, { ...values, takes: this.taken(name, shapes) }),
    );
  }

  /**
   * Values that an input accepts. An input of sequence lengths accepts the length of the whole sequence, which is the
   * smallest size that does not count rows.
   */
  private taken(name: string, shapes: readonly number[][]): InputValues | undefined {
    const { lengthsOf, ...others } = this.takes[name] ?? {};
    if (!lengthsOf) return others;
    const sizes = this.places.flatMap((places, index) =>
      this.areRows[index]
        ? []
        : places
            .filter(({ input }) => lengthsOf.includes(this.signature.inputs[input]!.name))
            .map(({ input, axis }) => shapes[input]![axis]!),
    );
    // A fixed sequence length cannot be distinguished from other fixed sizes.
    const all = sizes.length > 0 ? sizes : this.fixedSizes(lengthsOf);
    return { among: [all.length > 0 ? Math.min(...all) : 1] };
  }

  private fixedSizes(names: readonly string[]): number[] {
    const inputs = this.signature.inputs.filter(({ name }) => names.includes(name));
    const sizes = inputs.flatMap(({ dimensions }) => dimensions.slice(1));
    return sizes.filter((size): size is number => typeof size === 'number' && size > 1);
  }

  elements(sizes: readonly number[]): number {
    return this.shapes(sizes).reduce((total, shape) => total + elementCount(shape), 0);
  }
}
