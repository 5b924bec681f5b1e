import { node } from '../support/onnx-builder';
import { proofOf, short, verdictOf } from './support';

const ids = { int64: ['N', 5] };

describe('Gather', () => {
  test('from a table by rows', () => {
    const nodes = [node('Gather', ['table', 'x'], ['y'])];
    expect(short(proofOf({ inputs: { x: ids }, constants: { table: { weights: [100, 8] } }, nodes }))).toBe(
      'independent 0 | 0',
    );
  });

  test('from the rows by a constant', () => {
    expect(verdictOf('Gather', { constants: { at: 0 }, with: ['at'], attributes: { axis: 1 } })).toBe(
      'independent 0 | 0',
    );
    expect(verdictOf('Gather', { constants: { at: [2, 0] }, with: ['at'], attributes: { axis: -1 } })).toBe(
      'independent 0 | 0',
    );
    expect(verdictOf('Gather', { constants: { at: [0] }, with: ['at'] })).toMatch(/^coupled Gather: .*position/);
  });

  test('from rows by rows', () => {
    expect(verdictOf('Gather', { inputs: { i: ids }, with: ['i'], attributes: { axis: 1 } })).toMatch(
      /^coupled Gather/,
    );
  });
});

test('GatherElements', () => {
  const given = { x: ['N', 9], inputs: { i: ids }, with: ['i'] };
  expect(verdictOf('GatherElements', { ...given, attributes: { axis: 1 } })).toBe('independent 0,0 | 0');
  expect(verdictOf('GatherElements', { ...given, attributes: { axis: 0 } })).toMatch(/^coupled GatherElements/);
  const table = { inputs: { i: ids }, constants: { t: { weights: [7, 5] } } };
  const from = (axis: number) =>
    short(proofOf({ ...table, nodes: [node('GatherElements', ['t', 'i'], ['y'], { attributes: { axis } })] }));
  expect(from(0)).toBe('independent 0 | 0');
  expect(from(1)).toMatch(/^coupled GatherElements/);
});

describe('GatherND, ScatterND', () => {
  test('by batch_dims', () => {
    const given = { x: ['N', 9, 3], inputs: { i: { int64: ['N', 5, 1] } }, with: ['i'] };
    expect(verdictOf('GatherND', { ...given, attributes: { batch_dims: 1 } })).toBe('independent 0,0 | 0');
    expect(verdictOf('GatherND', given)).toMatch(/^coupled GatherND/);
  });

  test('from a table', () => {
    const nodes = [node('GatherND', ['t', 'x'], ['y'])];
    const given = { constants: { t: { weights: [7, 5, 3] } }, nodes };
    expect(short(proofOf({ inputs: { x: { int64: ['N', 2] } }, ...given }))).toBe('independent 0 | 0');
    expect(short(proofOf({ inputs: { x: { int64: [2, 'N'] } }, ...given }))).not.toMatch(/^independent/);
  });

  /** Nodes of x[arange(N), last], as exporters write them. */
  const ownRow = (axis: number, start = 0) => [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'zero'], ['n']),
    node('Range', [start === 0 ? 'zero' : 'one', 'n', 'one'], ['rows']),
    node('Unsqueeze', ['rows', 'minus'], ['r']),
    node('Unsqueeze', ['last', 'minus'], ['l']),
    node('Concat', axis === 0 ? ['r', 'l'] : ['l', 'r'], ['where'], { attributes: { axis: 1 } }),
  ];
  const given = { inputs: { x: ['N', 9, 3], last: { int64: ['N'] } }, constants: { zero: 0, one: 1, minus: [-1] } };

  test('from each row by its own number', () => {
    const nodes = [...ownRow(0), node('GatherND', ['x', 'where'], ['y'])];
    expect(short(proofOf({ ...given, nodes }))).toBe('independent 0,0 | 0');
    const write = [...ownRow(0), node('ScatterND', ['x', 'where', 'new'], ['y'])];
    expect(short(proofOf({ ...given, inputs: { ...given.inputs, new: ['N', 3] }, nodes: write }))).toBe(
      'independent 0,0,0 | 0',
    );
  });

  test('with row numbers in the wrong position', () => {
    expect(short(proofOf({ ...given, nodes: [...ownRow(1), node('GatherND', ['x', 'where'], ['y'])] }))).toMatch(
      /^coupled GatherND/,
    );
    expect(short(proofOf({ ...given, nodes: [...ownRow(0, 1), node('GatherND', ['x', 'where'], ['y'])] }))).toMatch(
      /^coupled Range/,
    );
    const table = proofOf({
      ...given,
      constants: { ...given.constants, t: { weights: [50, 8] } },
      nodes: [...ownRow(0), node('Gather', ['t', 'rows'], ['y'])],
    });
    expect(short(table)).toBe('coupled Gather: computes with the position of each row in the batch');
    const added = proofOf({ ...given, nodes: [...ownRow(0), node('Add', ['rows', 'last'], ['y'])] });
    expect(short(added)).toMatch(/^coupled Add: computes with the position/);
    const output = proofOf({ ...given, nodes: ownRow(0), outputs: ['rows'] });
    expect(short(output)).toMatch(/^coupled Range: returns the position/);
  });

  test('with row numbers if only their shape is read', () => {
    const nodes = [
      ...ownRow(0),
      node('Max', ['rows', 'last'], ['m']),
      node('Shape', ['m'], ['s']),
      node('Expand', ['last', 's'], ['y']),
    ];
    expect(short(proofOf({ ...given, nodes }))).toBe('independent 0,0 | 0');
  });

  test('ScatterND to the same positions in all rows', () => {
    const constants = { w: [0] };
    const given = { x: [9, 'N'], inputs: { u: [1, 'N'] }, constants, with: ['i', 'u'] };
    const i = { name: 'i', dataType: 7, dims: [1, 1], int64Data: [2] };
    expect(verdictOf('ScatterND', { ...given, initializers: [i] })).toBe('independent 1,1 | 1');
    const rows = { x: ['N', 9], inputs: { u: [1, 9] }, with: ['i', 'u'], initializers: [i] };
    expect(verdictOf('ScatterND', rows)).toMatch(/^coupled ScatterND/);
  });
});

test('ScatterElements', () => {
  const given = { x: ['N', 9], inputs: { i: ids, u: ['N', 5] }, with: ['i', 'u'] };
  expect(verdictOf('ScatterElements', { ...given, attributes: { axis: 1 } })).toBe('independent 0,0,0 | 0');
  expect(verdictOf('ScatterElements', { ...given, attributes: { axis: 0 } })).toMatch(/^coupled ScatterElements/);
});

test('OneHot, TopK', () => {
  const hot = (axis: number) =>
    verdictOf('OneHot', {
      x: ids,
      constants: { depth: 9, values: { floats: [0, 1] } },
      with: ['depth', 'values'],
      attributes: { axis },
    });
  expect([hot(-1), hot(1), hot(0)]).toEqual(['independent 0 | 0', 'independent 0 | 0', 'independent 0 | 1']);
  const top = (axis: number) =>
    verdictOf('TopK', { constants: { k: [2] }, with: ['k'], outputs: ['y', 'i'], attributes: { axis } });
  expect([top(-1), top(1)]).toEqual(['independent 0 | 0,0', 'independent 0 | 0,0']);
  expect(top(0)).toBe('coupled TopK: sorts the rows');
  const asMany = verdictOf('TopK', { inputs: { k: { int64: ['N'] } }, with: ['k'], outputs: ['y', 'i'] });
  expect(asMany).not.toMatch(/^independent 0,0/);
});

test.each(['NonZero', 'Unique'])('%s returns a number of results that depends on all rows', (operator) => {
  expect(verdictOf(operator)).toMatch(new RegExp(`^coupled ${operator}`));
});

test('Compress', () => {
  const keep = { name: 'keep', dataType: 9, dims: [4], int32Data: [1, 0, 1, 1] };
  expect(verdictOf('Compress', { initializers: [keep], with: ['keep'], attributes: { axis: 1 } })).toBe(
    'independent 0 | 0',
  );
  expect(verdictOf('Compress', { initializers: [keep], with: ['keep'], attributes: { axis: 0 } })).toMatch(
    /^coupled Compress/,
  );
  expect(verdictOf('Compress', { inputs: { keep: { bool: ['N'] } }, with: ['keep'], attributes: { axis: 0 } })).toMatch(
    /^coupled Compress/,
  );
});
