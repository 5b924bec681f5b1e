import { join } from 'node:path';
import { readGraph } from '../../lib/model/read-graph';
import { initializer, node, value, writeOnnxModel, type ModelParts } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();

/** Constraints that the nodes impose on the integer input `k`. */
function shown(nodes: object[], parts: Partial<ModelParts> = {}): unknown {
  const { inputValues } = readGraph(
    writeOnnxModel(join(folder, 'm.onnx'), {
      inputs: [value('k', 'int64', ['n']), value('x', 'float', ['n', 'm'])],
      outputs: [value('y', 'float', ['n'])],
      nodes,
      ...parts,
    }),
  );
  return inputValues['k'];
}

const table = initializer('table', 'float', [50, 2], new Float32Array(100));
const ids = (...values: bigint[]) => initializer('ids', 'int64', [values.length], BigInt64Array.from(values));

test('indices are below the number of rows of the smallest table', () => {
  const small = initializer('small', 'float', [2, 7], new Float32Array(14));
  const nodes = [
    node('Gather', ['table', 'k'], ['a']),
    node('Gather', ['small', 'k'], ['b'], { attributes: { axis: 1 } }),
  ];
  expect(shown(nodes, { initializers: [table] })).toEqual({ below: 50 });
  expect(shown(nodes, { initializers: [table, small] })).toEqual({ below: 7 });
});

test('indices are bounded also for a quantized table, and through changes of shape and type', () => {
  const scale = initializer('scale', 'float', [50, 1], new Float32Array(50));
  const nodes = [
    node('Mul', ['table', 'scale'], ['weights']),
    node('Identity', ['weights'], ['same']),
    node('Cast', ['k'], ['short'], { attributes: { to: 6 } }),
    node('Unsqueeze', ['short', 'ids'], ['raised']),
    node('Gather', ['same', 'raised'], ['y']),
  ];
  expect(shown(nodes, { initializers: [table, scale, ids(1n)] })).toEqual({ below: 50 });
});

test('indices are not bounded for a table of a different shape, or for a computed table', () => {
  const turned = [node('Transpose', ['table'], ['turned']), node('Gather', ['turned', 'k'], ['y'])];
  expect(shown(turned, { initializers: [table] })).toBeUndefined();
  expect(shown([node('Gather', ['x', 'k'], ['y'])])).toBeUndefined();
});

test('detects masks by their use, and by their name', () => {
  expect(shown([node('Cast', ['k'], ['y'], { attributes: { to: 9 } })])).toEqual({ isMask: true });
  const one = initializer('one', 'float', [], Float32Array.of(1));
  const inverted = [node('Cast', ['k'], ['f'], { attributes: { to: 1 } }), node('Sub', ['one', 'f'], ['y'])];
  expect(shown(inverted, { initializers: [one] })).toEqual({ isMask: true });
  expect(shown([node('Neg', ['k'], ['y'])])).toBeUndefined();
});

test('detects lengths of recurrent operators, and lengths compared with positions', () => {
  expect(shown([node('LSTM', ['x', 'w', 'r', '', 'k'], ['y'])])).toEqual({ lengthsOf: ['x'] });
  const compared = [
    node('Shape', ['x'], ['shape']),
    node('Range', ['zero', 'shape', 'one'], ['places']),
    node('Unsqueeze', ['k', 'one'], ['column']),
    node('Less', ['places', 'column'], ['y']),
  ];
  expect(shown(compared)).toEqual({ lengthsOf: ['x'] });
});

test('collects compared values: a single value and a different one, or all of a table', () => {
  const known = initializer('known', 'int64', [], BigInt64Array.of(16000n));
  expect(shown([node('Equal', ['k', 'known'], ['y'])], { initializers: [known] })).toEqual({ among: [16000, 0] });
  const all = initializer('all', 'int64', [300], new BigInt64Array(300));
  expect(shown([node('Equal', ['all', 'k'], ['y'])], { initializers: [all] })).toEqual({ below: 300 });
});

test('collects up to 64 of the values that an operator knows, also in a branch', () => {
  const keys = Array.from({ length: 100 }, (_, i) => i);
  const lookUp = node('LabelEncoder', ['k'], ['z'], { domain: 'ai.onnx.ml', attributes: { keys_int64s: keys } });
  const graph = { name: 'branch', node: [lookUp], output: [value('z', 'int64', ['n'])] };
  const nodes = [node('If', ['c'], ['y'], { attributes: { then_branch: { graph }, else_branch: { graph } } })];
  expect(shown(nodes)).toEqual({ among: keys.slice(0, 64) });
});
