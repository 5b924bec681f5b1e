import { join } from 'node:path';
import { type RowProof } from '../../lib/row-independence/prove';
import { readGraph } from '../../lib/model/read-graph';
import {
  initializer,
  node,
  value,
  writeOnnxModel,
  type AttributeValue,
  type Dim,
  type Elem,
} from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();

/** Sizes, such as `['N', 4]`, or an element type with sizes, such as `{ int64: ['N'] }`. */
export type Shape = Dim[] | Partial<Record<Elem, Dim[]>>;

/** Scalar or vector of INT64, FLOAT weights of the given sizes, or FLOAT values. */
export type Constant = number | number[] | { weights: number[] } | { floats: number[] };

export interface Graph {
  readonly inputs: Record<string, Shape>;
  readonly nodes: object[];
  readonly outputs?: string[];
  readonly constants?: Record<string, Constant>;
  /** Version of the opset; undefined for a file that does not declare one. */
  readonly opset?: number | undefined;
  readonly functions?: object[];
  /** Complete initializers. */
  readonly initializers?: object[];
  /** Declared sizes of outputs and other results. */
  readonly declared?: Record<string, Dim[]>;
}

/** Proof for a graph, which is written to a file and read as a user's model. */
export function proofOf({ inputs, nodes, outputs = ['y'], constants = {}, declared = {}, ...rest }: Graph): RowProof {
  const { opset } = { opset: 17, ...rest };
  const path = writeOnnxModel(join(folder, 'm.onnx'), {
    inputs: Object.entries(inputs).map(([name, shape]) => {
      const [elem, dims] = Array.isArray(shape)
        ? (['float', shape] as const)
        : (Object.entries(shape)[0] as [Elem, Dim[]]);
      return value(name, elem, dims);
    }),
    outputs: outputs.map((name) => value(name, 'float', declared[name])),
    valueInfo: Object.entries(declared).flatMap(([name, dims]) =>
      outputs.includes(name) ? [] : [value(name, 'float', dims)],
    ),
    nodes,
    initializers: [
      ...Object.entries(constants).map(([name, content]) => constant(name, content)),
      ...(rest.initializers ?? []),
    ],
    opsets: { ...(opset !== undefined && { '': opset }), 'ai.onnx.ml': 3, 'com.microsoft': 1, own: 1 },
    functions: rest.functions ?? [],
  });
  return readGraph(path).proof;
}

function constant(name: string, content: Constant): object {
  if (typeof content === 'number') return initializer(name, 'int64', [], BigInt64Array.of(BigInt(content)));
  if (Array.isArray(content))
    return initializer(name, 'int64', [content.length], BigInt64Array.from(content.map(BigInt)));
  if ('floats' in content)
    return initializer(name, 'float', [content.floats.length], Float32Array.from(content.floats));
  const count = content.weights.reduce((product, dim) => product * dim, 1);
  return initializer(name, 'float', content.weights, new Float32Array(count));
}

/**
 * Verdict in short form: `independent 0 | 0`, `coupled Softmax: works over …`, `not understood Reshape: …` or `fixed:
 * …`.
 */
export function short({ verdict }: RowProof): string {
  if (verdict.verdict === 'independent') {
    return `independent ${verdict.inputAxes.map((axis) => axis ?? '-').join()} | ${verdict.outputAxes.join()}`;
  }
  if (verdict.verdict === 'fixed') return `fixed: ${verdict.reason}`;
  return `${verdict.verdict} ${verdict.operator}: ${verdict.reason}`;
}

/** Verdict of a graph with one node, which computes y from x and constants. The default shape of x is [N, 4, 6]. */
export function verdictOf(
  operator: string,
  given: Partial<Graph> & {
    x?: Shape;
    /** Names of further inputs. */
    with?: string[];
    attributes?: Record<string, AttributeValue>;
    domain?: string;
  } = {},
): string {
  const {
    x = ['N', 4, 6],
    with: others = [],
    attributes = {},
    domain = '',
    inputs = {},
    outputs = ['y'],
    ...rest
  } = given;
  const nodes = [node(operator, ['x', ...others], outputs, { attributes, domain })];
  return short(proofOf({ ...rest, nodes, outputs: outputs.filter(Boolean), inputs: { x, ...inputs } }));
}
