import { node, nonTensor, value, writeOnnxModel } from '../support/onnx-builder';
import { join } from 'node:path';
import { readGraph } from '../../lib/model/read-graph';
import { temporaryFolder } from '../support/temporary-folder';
import { proofOf, short, type Graph, type Shape } from './support';

const folder = temporaryFolder();
const relu = [node('Relu', ['x'], ['y'])];
const of = (shape: Shape) => short(proofOf({ inputs: { x: shape }, nodes: relu }));

describe('the axis that counts rows', () => {
  test.each(['batch', 'unk__214', 'p2o.DynamicDimension.0', 'sequence', null])('may be named %s', (name) => {
    expect(of([name, 4])).toBe('independent 0 | 0');
  });

  test('may be an axis other than the first, if the first is fixed', () => {
    expect(of([2, 'batch', 4])).toBe('independent 1 | 1');
    expect(of([2, null, 4])).toBe('independent 1 | 1');
  });

  test('is the first one if both are possible', () => {
    expect(of(['batch', 'steps', 4])).toBe('independent 0 | 0');
  });

  test('is not an axis whose size also appears on another axis', () => {
    expect(of(['n', 'n'])).toBe('coupled input: also has the number of rows as the size of another axis');
  });

  test('is the second one of a sequence with the steps first', () => {
    const nodes = [node('LSTM', ['x', 'w', 'r'], ['y', 'h'], { attributes: { hidden_size: 8 } })];
    const constants = { w: { weights: [1, 32, 6] }, r: { weights: [1, 32, 8] } };
    expect(short(proofOf({ inputs: { x: ['steps', 'batch', 6] }, constants, nodes, outputs: ['y', 'h'] }))).toBe(
      'independent 1 | 2,1',
    );
  });
});

describe('axes of the same name', () => {
  /** Nodes that reshape each row to s * s elements, which is correct only if both axes have the same size. */
  const nodes = [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'second'], ['side']),
    node('Mul', ['side', 'side'], ['count']),
    node('Concat', ['rest', 'count'], ['target'], { attributes: { axis: 0 } }),
    node('Reshape', ['x', 'target'], ['flat']),
  ];
  const constants = { second: [1], rest: [-1] };

  test('have the same size if the server checks it: among several inputs', () => {
    const inputs = { x: ['N', 's', 's'], rate: [] };
    const scaled = [...nodes, node('Mul', ['flat', 'rate'], ['y'])];
    expect(short(proofOf({ inputs, nodes: scaled, constants }))).toBe('independent 0,- | 0');
  });

  test('may differ in a model of one input', () => {
    const inputs = { x: ['N', 's', 's'] };
    expect(short(proofOf({ inputs, nodes, outputs: ['flat'], constants }))).not.toMatch(/^independent/);
  });

  test.each(['?', '-1', 'None'])('%s is not a name', (placeholder) => {
    expect(of([placeholder, 3, placeholder])).toBe('independent 0 | 0');
  });
});

describe('several inputs', () => {
  const sum = (inputs: Record<string, Shape>, more: Partial<Graph> = {}) =>
    short(proofOf({ inputs, nodes: [node('Sum', Object.keys(inputs), ['y'])], ...more }));

  test('have rows, each on its own axis', () => {
    const nodes = [
      node('Transpose', ['state'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('Concat', ['x', 't'], ['y'], { attributes: { axis: 1 } }),
    ];
    expect(short(proofOf({ inputs: { x: ['N', 3, 8], state: [2, 'N', 8] }, nodes }))).toBe('independent 0,1 | 0');
    expect(short(proofOf({ inputs: { x: [null, 3, 8], state: [2, null, 8] }, nodes }))).toBe('independent 0,1 | 0');
  });

  test('may be the same for all rows', () => {
    expect(sum({ x: ['N', 4], rate: [] })).toBe('independent 0,- | 0');
    expect(sum({ x: ['N', 4], offsets: [4] })).toBe('independent 0,- | 0');
    expect(sum({ x: ['N', 4], offsets: ['width'] })).toBe('independent 0,- | 0');
  });

  test('such as a sample rate that a condition reads', () => {
    const branch = (operator: string) => ({
      graph: { name: 'g', node: [node(operator, ['x'], ['b'])], output: [value('b', 'float')] },
    });
    const nodes = [
      node('Equal', ['sr', 'high'], ['c']),
      node('If', ['c'], ['y'], { attributes: { then_branch: branch('Relu'), else_branch: branch('Neg') } }),
    ];
    const given = { constants: { high: 16000 }, nodes };
    expect(short(proofOf({ inputs: { x: ['N', 4], sr: { int64: [] } }, ...given }))).toBe('independent 0,- | 0');
    expect(short(proofOf({ inputs: { x: ['N', 4], sr: { int64: ['N'] } }, ...given }))).not.toMatch(/^independent/);
  });

  test('must have rows in at least one of them', () => {
    expect(short(proofOf({ inputs: {}, constants: { x: { weights: [3, 4] } }, nodes: relu }))).toBe(
      'fixed: no input has an axis',
    );
    expect(of([])).toBe('fixed: no input has an axis');
  });

  test('exclude those that an initializer sets', () => {
    const w = { name: 'w', dataType: 1, dims: [4], floatData: [1, 2, 3, 4] };
    const nodes = [node('Add', ['x', 'w'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 4], w: ['M'] }, initializers: [w], nodes }))).toBe('independent 0 | 0');
  });
});

describe('outputs', () => {
  const outputs = (nodes: object[], names: string[], more: Partial<Graph> = {}) =>
    short(proofOf({ inputs: { x: ['N', 4] }, nodes, outputs: names, ...more }));

  test('may be inputs, or the same tensor twice', () => {
    expect(outputs(relu, ['x', 'y'])).toBe('independent 0 | 0,0');
    expect(outputs(relu, ['y', 'y'])).toBe('independent 0 | 0,0');
  });

  test('must have one row for each input row', () => {
    const constants = { w: { weights: [3, 4] } };
    expect(outputs(relu, ['y', 'w'], { constants })).toBe(
      'coupled initializer: produces an output without a row for each input row',
    );
    expect(outputs([...relu, node('Shape', ['x'], ['s'])], ['y', 's'])).toBe(
      'coupled Shape: returns the number of rows',
    );
    expect(outputs([...relu, node('Abs', ['w'], ['z'])], ['y', 'z'], { constants })).toMatch(
      /^coupled Abs: .*without a row/,
    );
  });

  test('of a node without a name are reported by the outputs', () => {
    const nodes = [node('ReduceMax', ['x'], ['y'], { name: '', attributes: { axes: [0] } })];
    expect(proofOf({ inputs: { x: ['N', 4] }, nodes }).verdict).toEqual({
      verdict: 'coupled',
      node: 'y',
      operator: 'ReduceMax',
      reason: 'reduces over the rows',
    });
  });

  test('of a node with a very long name', () => {
    const nodes = [node('ReduceMax', ['x'], ['y'], { name: 'n'.repeat(10_000), attributes: { axes: [0] } })];
    const { verdict } = proofOf({ inputs: { x: ['N', 4] }, nodes });
    expect('node' in verdict && verdict.node.length).toBe(120);
  });

  test('that are not tensors', () => {
    const path = writeOnnxModel(join(folder, 'm.onnx'), {
      inputs: [value('x', 'float', ['N', 4])],
      outputs: [nonTensor('y', 'sequenceType')],
      nodes: [node('SequenceConstruct', ['x'], ['y'])],
    });
    expect(short(readGraph(path).proof)).toMatch(/^not understood SequenceConstruct/);
  });
});

describe('nodes', () => {
  test('in any order', () => {
    const nodes = [node('Relu', ['a'], ['y']), node('Neg', ['x'], ['a'])];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes }))).toBe('independent 0 | 0');
  });

  test('that depend on each other', () => {
    const nodes = [node('Add', ['x', 'b'], ['a']), node('Add', ['x', 'a'], ['b']), node('Relu', ['b'], ['y'])];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes }))).toMatch(/^not understood .*depend on each other/);
  });

  test('that nothing reads still run, and may fail', () => {
    const dead = (operator: string, attributes = {}, input = ['x']) =>
      short(
        proofOf({
          inputs: { x: ['N', 4] },
          constants: { shape: [4] },
          nodes: [...relu, node(operator, input, ['z'], { attributes })],
        }),
      );
    expect(dead('Softmax', { axis: 0 })).toBe('independent 0 | 0');
    expect(dead('Reshape', {}, ['x', 'shape'])).toMatch(/^not understood Reshape: .*unused/);
  });

  test('that read an undefined name, or define a name twice', () => {
    expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes: [node('Add', ['x', 'lost'], ['y'])] }))).toMatch(
      /^not understood Add: nothing defines "lost"/,
    );
    const twice = [node('Relu', ['x'], ['y']), node('Softmax', ['x'], ['y'], { attributes: { axis: 0 } })];
    expect(short(proofOf({ inputs: { x: ['N', 4] }, nodes: twice }))).toMatch(/^not understood/);
  });
});

describe('first dimensions that are fixed at 1', () => {
  const freed = (graph: Graph) => proofOf(graph).ifFreed;

  test('could be free if the proof holds', () => {
    const proof = proofOf({ inputs: { x: [1, 4] }, nodes: relu });
    expect(proof).toEqual({
      verdict: { verdict: 'fixed', reason: 'input "x" has a fixed first dimension, 1' },
      ifFreed: { inputAxes: [0], outputAxes: [0] },
    });
  });

  test('not if sizes are fixed in the graph', () => {
    const nodes = [node('Reshape', ['x', 'shape'], ['y'])];
    const with1 = (shape: number[]) => freed({ inputs: { x: [1, 3, 64] }, constants: { shape }, nodes });
    expect(with1([1, -1])).toBeUndefined();
    expect(with1([1, 192])).toBeUndefined();
    expect(with1([-1, 192])).toEqual({ inputAxes: [0], outputAxes: [0] });
    expect(with1([0, 192])).toEqual({ inputAxes: [0], outputAxes: [0] });
  });

  test('not if rows influence each other, and the proof reports where', () => {
    const nodes = [node('Softmax', ['x'], ['y'], { attributes: { axis: 0 } })];
    const proof = proofOf({ inputs: { x: [1, 4] }, nodes });
    expect(proof.ifFreed).toBeUndefined();
    expect(proof.refusedIfFreed).toMatchObject({ verdict: 'coupled', operator: 'Softmax' });
    expect(proofOf({ inputs: { x: [2, 4] }, nodes })).not.toHaveProperty('refusedIfFreed');
  });

  test('of a state, with the layers first', () => {
    const nodes = [
      node('Transpose', ['state'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('Concat', ['x', 't'], ['y'], { attributes: { axis: 1 } }),
    ];
    expect(freed({ inputs: { x: [1, 3, 8], state: [2, 1, 8] }, nodes })).toEqual({
      inputAxes: [0, 1],
      outputAxes: [0],
    });
  });

  test.each(['steps', 1])('of a state of a single layer, for %s steps', (steps) => {
    const nodes = [
      node('Transpose', ['x'], ['t'], { attributes: { perm: [1, 0, 2] } }),
      node('GRU', ['t', 'w', 'r', '', '', 'state'], ['all', 'now'], { attributes: { hidden_size: 8 } }),
      node('Transpose', ['now'], ['y'], { attributes: { perm: [1, 0, 2] } }),
    ];
    const graph = {
      inputs: { x: [1, steps, 6], state: [1, 1, 8] },
      constants: { w: { weights: [1, 24, 6] }, r: { weights: [1, 24, 8] } },
      nodes,
      outputs: ['y', 'now'],
    };
    expect(freed(graph)).toEqual({ inputAxes: [0, 1], outputAxes: [0, 1] });

    const scaled = [node('Cast', ['rate'], ['f'], { attributes: { to: 1 } }), node('Div', ['y', 'f'], ['z'])];
    const inputs = { ...graph.inputs, rate: { int64: [1] } };
    expect(freed({ ...graph, inputs, nodes: [...nodes, ...scaled], outputs: ['z', 'now'] })).toEqual({
      inputAxes: [0, 1, null],
      outputAxes: [0, 1],
    });

    const constants = { ...graph.constants, state: { weights: [1, 1, 8] } };
    expect(freed({ ...graph, inputs: { x: [1, steps, 6] }, constants })).toBeUndefined();
  });

  test('keep other fixed sizes', () => {
    expect(proofOf({ inputs: { x: [4, 6] }, nodes: relu })).toEqual({
      verdict: { verdict: 'fixed', reason: 'input "x" has a fixed first dimension, 4' },
    });
  });

  test('do not turn the free steps after them into rows', () => {
    const nodes = [node('Softmax', ['x'], ['y'], { attributes: { axis: 1 } })];
    expect(short(proofOf({ inputs: { x: [1, 'steps'] }, nodes }))).toBe(
      'fixed: input "x" has a fixed first dimension, 1',
    );
    expect(freed({ inputs: { x: [1, 'steps'] }, nodes })).toEqual({ inputAxes: [0], outputAxes: [0] });
  });
});

test('requires a declared rank', () => {
  const path = writeOnnxModel(join(folder, 'm.onnx'), {
    inputs: [value('x', 'float')],
    outputs: [value('y', 'float', ['N', 4])],
    nodes: relu,
  });
  expect(readGraph(path).proof.verdict.verdict).not.toBe('independent');
});
