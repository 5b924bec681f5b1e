import { verdictOf } from './support';

describe.each(['ReduceSum', 'ReduceMean', 'ReduceMax', 'ReduceL2', 'ReduceLogSumExp'])('%s', (operator) => {
  const opset = operator === 'ReduceSum' ? 12 : 17;
  const over = (axes: number[] | undefined, more = {}) =>
    verdictOf(operator, { opset, attributes: { ...(axes && { axes }), ...more } });

  test('over other axes', () => {
    expect(over([1])).toBe('independent 0 | 0');
    expect(over([-1, -2], { keepdims: 0 })).toBe('independent 0 | 0');
  });

  test('over the rows', () => {
    expect(over([0])).toBe(`coupled ${operator}: reduces over the rows`);
    expect(over([-3])).toMatch(/^coupled/);
    expect(over(undefined)).toMatch(/^coupled/);
  });

  test('with axes as an input, from version 18 on', () => {
    expect(verdictOf(operator, { opset: 18, constants: { axes: [1] }, with: ['axes'] })).toBe('independent 0 | 0');
    expect(verdictOf(operator, { opset: 18, constants: { axes: [0] }, with: ['axes'] })).toMatch(/^coupled/);
    expect(verdictOf(operator, { opset: 18 })).toMatch(/^coupled/);
    expect(verdictOf(operator, { opset: 18, constants: { axes: [] }, with: ['axes'] })).toMatch(/^coupled/);
    const noop = { opset: 18, attributes: { noop_with_empty_axes: 1 } };
    expect(verdictOf(operator, noop)).toBe('independent 0 | 0');
    expect(verdictOf(operator, { opset: 18, inputs: { axes: { int64: [1] } }, with: ['axes'] })).toMatch(
      /^not understood/,
    );
  });
});

test('ArgMax defaults to axis 0', () => {
  expect(verdictOf('ArgMax', { attributes: { axis: 2, keepdims: 0 } })).toBe('independent 0 | 0');
  expect(verdictOf('ArgMax')).toMatch(/^coupled ArgMax/);
});

describe.each(['Softmax', 'LogSoftmax', 'Hardmax'])('%s', (operator) => {
  test('along the last axis', () => {
    expect(verdictOf(operator)).toBe('independent 0 | 0');
    expect(verdictOf(operator, { attributes: { axis: 0 } })).toBe(
      `coupled ${operator}: works across the axis that counts rows`,
    );
  });

  test('of all axes after the first before version 13', () => {
    expect(verdictOf(operator, { opset: 11, x: ['N', 4] })).toBe('independent 0 | 0');
    expect(verdictOf(operator, { opset: 11, attributes: { axis: 0 } })).toMatch(/^coupled/);
    // The operator works along the row axis, and along an axis after it.
    expect(verdictOf(operator, { opset: 11, x: [2, 'N', 3], attributes: { axis: 1 } })).toMatch(/^fixed/);
    expect(verdictOf(operator, { opset: 13, x: [2, 'N', 3], attributes: { axis: 2 } })).toBe('independent 1 | 1');
  });
});

test('CumSum', () => {
  expect(verdictOf('CumSum', { constants: { axis: 1 }, with: ['axis'] })).toBe('independent 0 | 0');
  expect(verdictOf('CumSum', { constants: { axis: 0 }, with: ['axis'], attributes: { reverse: 1 } })).toMatch(
    /^coupled CumSum/,
  );
  expect(verdictOf('CumSum', { inputs: { axis: { int64: [] } }, with: ['axis'] })).toMatch(/^not understood CumSum/);
});

describe('normalization', () => {
  test('LayerNormalization', () => {
    const given = {
      constants: { scale: { weights: [6] }, shift: { weights: [6] } },
      with: ['scale', 'shift'],
      outputs: ['y', 'mean', 'deviation'],
    };
    expect(verdictOf('LayerNormalization', given)).toBe('independent 0 | 0,0,0');
    expect(verdictOf('LayerNormalization', { ...given, attributes: { axis: 0 } })).toMatch(
      /^coupled LayerNormalization/,
    );
    expect(
      verdictOf('LayerNormalization', {
        x: [5, 'N', 6],
        constants: { scale: { weights: [6] } },
        with: ['scale'],
        attributes: { axis: 1 },
      }),
    ).toMatch(/^fixed/);
  });

  test('LpNormalization, MeanVarianceNormalization', () => {
    expect(verdictOf('LpNormalization', { attributes: { axis: 1 } })).toBe('independent 0 | 0');
    expect(verdictOf('LpNormalization', { attributes: { axis: 0 } })).toMatch(/^coupled/);
    expect(verdictOf('MeanVarianceNormalization', { x: ['N', 3, 4, 4] })).toMatch(/^coupled/);
    expect(verdictOf('MeanVarianceNormalization', { x: ['N', 3, 4, 4], attributes: { axes: [2, 3] } })).toBe(
      'independent 0 | 0',
    );
  });

  test('BatchNormalization', () => {
    const constants = Object.fromEntries(['s', 'b', 'm', 'v'].map((name) => [name, { weights: [4] }]));
    const given = { constants, with: ['s', 'b', 'm', 'v'] };
    expect(verdictOf('BatchNormalization', given)).toBe('independent 0 | 0');
    expect(
      verdictOf('BatchNormalization', { ...given, outputs: ['y', '', ''], attributes: { training_mode: 1 } }),
    ).toMatch(/^coupled/);
    expect(verdictOf('BatchNormalization', { ...given, opset: 9, outputs: ['y', 'mean', 'variance'] })).toMatch(
      /^coupled/,
    );
    expect(verdictOf('BatchNormalization', { ...given, opset: 6 })).toMatch(/^coupled/);
    expect(verdictOf('BatchNormalization', { ...given, opset: 6, attributes: { is_test: 1 } })).toBe(
      'independent 0 | 0',
    );
  });

  test('InstanceNormalization, GroupNormalization, LRN', () => {
    const constants = { s: { weights: [4] }, b: { weights: [4] } };
    expect(verdictOf('InstanceNormalization', { constants, with: ['s', 'b'] })).toBe('independent 0 | 0');
    expect(verdictOf('GroupNormalization', { constants, with: ['s', 'b'], attributes: { num_groups: 2 } })).toBe(
      'independent 0 | 0',
    );
    expect(verdictOf('LRN', { x: ['N', 4, 5, 5], attributes: { size: 3 } })).toBe('independent 0 | 0');
    expect(verdictOf('LRN', { x: [3, 'N', 5, 5], attributes: { size: 3 } })).toMatch(/^fixed/);
  });
});

test('ReverseSequence', () => {
  const lengths = { inputs: { l: { int64: ['N'] } }, with: ['l'] };
  const axes = { time_axis: 1, batch_axis: 0 };
  expect(verdictOf('ReverseSequence', { ...lengths, attributes: axes })).toBe('independent 0,0 | 0');
  expect(verdictOf('ReverseSequence', { ...lengths, attributes: { time_axis: 0, batch_axis: 1 } })).toMatch(/^coupled/);
  expect(verdictOf('ReverseSequence', { constants: { l: [1, 2, 3] }, with: ['l'], attributes: axes })).toMatch(
    /^coupled/,
  );
});
