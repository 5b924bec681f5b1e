import { initializer, node, value, type Elem, type ModelParts } from '../onnx-builder';
import type { Choices } from './choices';
import { known, size, type Size } from './size';

type Options = NonNullable<Parameters<typeof node>[3]>;
export type NodeAttributes = NonNullable<Options['attributes']>;

/** Position of the rows in a tensor: index `(k * count + row) * inner + j` on the axis belongs to row `row`. */
export interface Rows {
  readonly axis: number;
  readonly outer: Size;
  readonly inner: Size;
  /** Symbol of the number of rows: N, or a different symbol if a coupling has changed the number. */
  readonly count: string;
}

export interface Tensor {
  readonly name: string;
  readonly elem: Elem;
  readonly dims: readonly Size[];
  /** Position of the rows; undefined for a tensor that all requests of a run share. */
  readonly rows?: Rows;
  /** Whether each element depends on its row of an input for nearly all values of the weights. */
  readonly live: boolean;
  /** Exclusive upper bound of a tensor's integers; the lower bound is 0. */
  readonly below?: number;
}

/** Result of an operator, before the caller decides whether it is live. */
export type Result = Omit<Tensor, 'live'>;

/** Graph under construction. */
export class RandomGraph {
  readonly inputs: object[] = [];
  readonly outputs: object[] = [];
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  readonly functions: object[] = [];
  readonly opsets: Record<string, number>;
  /** Tensors that the next operators may read. */
  readonly pool: Tensor[] = [];
  /** Tensor and axis that have the size of a symbol, by symbol. */
  private readonly origins = new Map<string, { tensor: string; axis: number }>();
  private names = 0;

  constructor(
    readonly opset: number,
    public choices: Choices,
  ) {
    this.opsets = { '': opset };
  }

  name(stem: string): string {
    return `${stem}_${this.names++}`;
  }

  input(name: string, elem: Elem, dims: readonly Size[], facts: Pick<Tensor, 'rows' | 'live' | 'below'>): Tensor {
    const declared = dims.map((dim) => known(dim) ?? dim.symbols.join(''));
    this.inputs.push(value(name, elem, declared));
    dims.forEach(({ symbols }, axis) => symbols.forEach((symbol) => this.origins.set(symbol, { tensor: name, axis })));
    return { name, elem, dims, ...facts };
  }

  output({ name, elem, dims }: Result): void {
    this.outputs.push(
      value(
        name,
        elem,
        dims.map((dim) => known(dim) ?? `${dim.factor}${dim.symbols.join('')}`),
      ),
    );
  }

  /** Adds a node, and returns the names of its outputs. */
  node(
    opType: string,
    inputs: readonly (string | { readonly name: string })[],
    attributes: NodeAttributes = {},
    { domain = '', outputs = 1 }: { domain?: string; outputs?: number } = {},
  ): string[] {
    const names = Array.from({ length: outputs }, () => this.name(opType.toLowerCase()));
    const read = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    this.nodes.push(node(opType, read, names, { domain, attributes }));
    if (domain && !this.opsets[domain]) this.opsets[domain] = domain === 'ai.onnx.ml' ? 3 : 1;
    return names;
  }

  /** Adds a node with one output. */
  add(...call: Parameters<RandomGraph['node']>): string {
    return this.node(...call)[0] as string;
  }

  /** Adds weights that are not close to 0, scaled so that sums of products keep their magnitude. */
  weights(dims: readonly number[], { positive = false, scale = 1 } = {}): string {
    const count = dims.reduce((all, dim) => all * dim, 1);
    const numbers = Float32Array.from({ length: count }, () => {
      const magnitude = (0.3 + this.choices.next()) * scale;
      return positive || this.choices.chance(0.5) ? magnitude : -magnitude;
    });
    return this.tensor('float', dims, numbers);
  }

  floats(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.tensor('float', dims, Float32Array.from(values));
  }

  ints(values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.tensor('int64', dims, BigInt64Array.from(values.map((v) => BigInt(v))));
  }

  /** Adds a constant, as an initializer or as a Constant node. */
  tensor(elem: Elem, dims: readonly number[], data: ArrayBufferView): string {
    const name = this.name('constant');
    const message = initializer(name, elem, [...dims], data);
    if (this.choices.chance(0.7)) this.initializers.push(message);
    else this.nodes.push(node('Constant', [], [name], { attributes: { value: { tensor: message } } }));
    return name;
  }

  /** Creates a symbol for the unknown size of an axis. */
  symbolOf(tensor: string, axis: number): Size {
    const symbol = this.name('d');
    this.origins.set(symbol, { tensor, axis });
    return size(1, symbol);
  }

  originOf(symbol: string): { tensor: string; axis: number } {
    const origin = this.origins.get(symbol);
    if (!origin) throw new Error(`${symbol} is not the size of any axis`);
    return origin;
  }

  parts(): ModelParts {
    const { inputs, outputs, nodes, initializers, functions, opsets } = this;
    return { inputs, outputs, nodes, initializers, functions, opsets, irVersion: this.opset > 18 ? 9 : 8 };
  }
}
