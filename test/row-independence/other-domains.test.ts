import { node } from '../support/onnx-builder';
import { proofOf, short, verdictOf, type Shape } from './support';

describe('ai.onnx.ml', () => {
  const ml = (operator: string, given: Parameters<typeof verdictOf>[1] = {}) =>
    verdictOf(operator, { x: ['N', 6], domain: 'ai.onnx.ml', ...given });

  test.each(['Scaler', 'Normalizer', 'Imputer', 'LinearRegressor', 'TreeEnsembleRegressor', 'SVMRegressor'])(
    '%s works on each row',
    (operator) => {
      expect(ml(operator)).toBe('independent 0 | 0');
      expect(ml(operator, { x: ['N'] })).toMatch(/^coupled ai\.onnx\.ml:.*single row/);
    },
  );

  test.each(['LinearClassifier', 'SVMClassifier', 'TreeEnsembleClassifier'])(
    '%s gives a label and scores',
    (operator) => {
      const attributes = { classlabels_strings: { strings: ['a', 'b', 'c'] } };
      expect(ml(operator, { outputs: ['y', 'scores'], attributes })).toBe('independent 0 | 0,0');
      expect(ml(operator, { x: ['N'], outputs: ['y', 'scores'], attributes })).toMatch(/^coupled/);
    },
  );

  test.each(['LinearClassifier', 'SVMClassifier', 'TreeEnsembleClassifier'])(
    '%s with PROBIT leaves the score of the second class unwritten',
    (operator) => {
      const probit = (labels: string[], intercepts: number) => ({
        classlabels_strings: { strings: labels },
        intercepts: { floats: Array<number>(intercepts).fill(0) },
        post_transform: 'PROBIT',
      });
      const outputs = ['y', 'scores'];
      expect(ml(operator, { outputs, attributes: probit(['a', 'b', 'c'], 3) })).toBe('independent 0 | 0,0');
      for (const [labels, intercepts] of [
        [['a', 'b'], 1],
        [['a', 'b'], 2],
        [['a'], 1],
      ] as const) {
        const attributes = probit([...labels], intercepts);
        expect(ml(operator, { outputs, attributes })).toMatch(/^not understood .*unwritten/);
        expect(ml(operator, { outputs, attributes, x: [1, 6], inputs: { z: ['N', 2] } })).not.toMatch(/^independent/);
      }
      expect(ml(operator, { outputs, attributes: { post_transform: 'PROBIT' } })).toMatch(/^not understood/);
    },
  );

  test('elements', () => {
    expect(ml('Binarizer', { x: ['N'] })).toBe('independent 0 | 0');
    expect(ml('LabelEncoder', { x: { string: ['N'] } })).toBe('independent 0 | 0');
    expect(ml('OneHotEncoder', { x: { string: ['N'] }, attributes: { cats_strings: { strings: ['a', 'b'] } } })).toBe(
      'independent 0 | 0',
    );
  });

  test('FeatureVectorizer, ArrayFeatureExtractor', () => {
    expect(ml('FeatureVectorizer', { inputs: { b: ['N', 2] }, with: ['b'] })).toBe('independent 0,0 | 0');
    expect(ml('ArrayFeatureExtractor', { constants: { at: [1, 3] }, with: ['at'] })).toBe('independent 0 | 0');
    expect(ml('ArrayFeatureExtractor', { x: ['N'], constants: { at: [1, 3] }, with: ['at'] })).toMatch(/^coupled/);
  });

  test('ZipMap is not understood', () => {
    expect(ml('ZipMap')).toMatch(/^not understood ai\.onnx\.ml:ZipMap/);
  });
});

describe('text', () => {
  const words = { x: { string: ['N'] } } as const;

  test('whose rows get longer with the others', () => {
    expect(verdictOf('StringSplit', { ...words, x: { string: ['N'] }, outputs: ['y', 'n'] })).toMatch(
      /^coupled StringSplit/,
    );
    expect(verdictOf('Tokenizer', { x: { string: ['N'] }, domain: 'com.microsoft' })).toMatch(
      /^coupled com\.microsoft:Tokenizer/,
    );
  });

  test('StringNormalizer removes strings', () => {
    expect(verdictOf('StringNormalizer', { x: { string: ['N'] }, attributes: { case_change_action: 'LOWER' } })).toBe(
      'independent 0 | 0',
    );
    const attributes = { stopwords: { strings: ['monday'] } };
    expect(verdictOf('StringNormalizer', { x: { string: ['N'] }, attributes })).toMatch(/^coupled StringNormalizer/);
  });

  test('TfIdfVectorizer treats a list as one row', () => {
    expect(verdictOf('TfIdfVectorizer', { x: { string: ['N', 7] } })).toBe('independent 0 | 0');
    expect(verdictOf('TfIdfVectorizer', { x: { string: ['N'] } })).toMatch(/^coupled TfIdfVectorizer/);
  });
});

describe('com.microsoft', () => {
  const ms = (operator: string, given: Parameters<typeof verdictOf>[1] = {}) =>
    verdictOf(operator, { x: ['N', 'T', 8], domain: 'com.microsoft', ...given });
  const constants = { w: { weights: [8, 24] }, b: { weights: [24] }, g: { weights: [8] }, m: { weights: [3, 5] } };

  test('GatherBlockQuantized', () => {
    const tables = { table: { weights: [20, 16] }, scales: { weights: [20, 1] } };
    const picking = (indices: Shape, { table = 'table', axis = 0, inputs = {} } = {}) =>
      short(
        proofOf({
          inputs: { ids: indices, ...inputs },
          constants: tables,
          nodes: [
            node('GatherBlockQuantized', [table, 'ids', 'scales'], ['y'], {
              attributes: { gather_axis: axis, quantize_axis: 1, block_size: 16 },
              domain: 'com.microsoft',
            }),
          ],
        }),
      );
    expect(picking({ int64: ['N', 'T'] })).toBe('independent 0 | 0');
    expect(picking({ int64: ['T', 'N'] })).toBe('independent 0 | 0');
    expect(picking({ int64: [2, 'N'] })).toBe('independent 1 | 1');
    expect(picking({ int64: ['N'] }, { axis: 1 })).toMatch(/^not understood/);
    expect(picking({ int64: [3] }, { table: 'own', inputs: { own: { uint8: ['N', 16] } } })).toMatch(/^(coupled|not)/);
  });

  test('Attention', () => {
    const given = { constants, attributes: { num_heads: 2 } };
    expect(ms('Attention', { ...given, with: ['w', 'b'] })).toBe('independent 0 | 0');
    expect(ms('Attention', { ...given, inputs: { mask: { int32: ['N', 'T'] } }, with: ['w', 'b', 'mask'] })).toBe(
      'independent 0,0 | 0',
    );
    expect(ms('Attention', { ...given, with: ['w', 'b', 'm'] })).toMatch(/^coupled com\.microsoft:Attention/);
    const past = { inputs: { mask: { int32: ['N', 'T'] }, past: [2, 'N', 2, 'P', 4] }, outputs: ['y', 'now'] };
    expect(ms('Attention', { ...given, ...past, with: ['w', 'b', 'mask', 'past'] })).toBe('independent 0,0,1 | 0,1');
  });

  test('MultiHeadAttention', () => {
    const inputs = { k: ['N', 'S', 8], v: ['N', 'S', 8] };
    expect(ms('MultiHeadAttention', { inputs, with: ['k', 'v'] })).toBe('independent 0,0,0 | 0');
    const one = { inputs, constants: { bias: { weights: [1, 2, 5, 5] }, three: { weights: [3, 2, 5, 5] } } };
    expect(ms('MultiHeadAttention', { ...one, with: ['k', 'v', '', '', 'bias'] })).toBe('independent 0,0,0 | 0');
    expect(ms('MultiHeadAttention', { ...one, with: ['k', 'v', '', '', 'three'] })).toMatch(/^coupled/);
    expect(ms('MultiHeadAttention', { inputs, constants: { k2: { weights: [1, 5, 8] } }, with: ['k2', 'v'] })).toMatch(
      /^coupled/,
    );
  });

  test('GroupQueryAttention', () => {
    const inputs = {
      k: ['N', 'T', 4],
      v: ['N', 'T', 4],
      pk: ['N', 1, 'P', 4],
      pv: ['N', 1, 'P', 4],
      lengths: { int32: ['N'] },
      total: { int32: [] },
    };
    const given = { inputs, with: ['k', 'v', 'pk', 'pv', 'lengths', 'total'], outputs: ['y', 'nk', 'nv'] };
    expect(ms('GroupQueryAttention', given)).toBe('independent 0,0,0,0,0,0,- | 0,0,0');
    const products = { ...given, outputs: [...given.outputs, 'qk'] };
    expect(ms('GroupQueryAttention', products)).toMatch(/^not understood .*unwritten/);
  });

  test('SkipLayerNormalization', () => {
    const given = { inputs: { s: ['N', 'T', 8] }, constants, with: ['s', 'g', 'g'], outputs: ['y', '', '', 'sum'] };
    expect(ms('SkipLayerNormalization', given)).toBe('independent 0,0 | 0,0');
  });

  test('EmbedLayerNormalization', () => {
    const x = { int32: ['N', 'T'] };
    const given = {
      x,
      constants: { e: { weights: [50, 8] }, g: { weights: [8] } },
      inputs: { mask: { int32: ['N', 'T'] } },
      outputs: ['y', 'i'],
    };
    expect(ms('EmbedLayerNormalization', { ...given, with: ['', 'e', 'e', '', 'g', 'g', 'mask'] })).toBe(
      'independent 0,0 | 0,0',
    );
  });

  test('fused products', () => {
    expect(ms('FusedMatMul', { constants: { w: { weights: [8, 3] } }, with: ['w'] })).toBe('independent 0 | 0');
    expect(
      ms('FusedMatMul', { x: ['N', 8], constants: { w: { weights: [8, 3] } }, with: ['w'], attributes: { transA: 1 } }),
    ).toMatch(/^coupled/);
    expect(ms('FusedGemm', { x: ['N', 8], constants: { w: { weights: [8, 3] } }, with: ['w'] })).toBe(
      'independent 0 | 0',
    );
    expect(
      ms('MatMulNBits', { constants: { w: { weights: [3, 1, 8] } }, with: ['w', 'w'], attributes: { N: 3, K: 8 } }),
    ).toBe('independent 0 | 0');
    expect(ms('FusedConv', { x: ['N', 3, 8, 8], constants: { w: { weights: [5, 3, 3, 3] } }, with: ['w'] })).toBe(
      'independent 0 | 0',
    );
  });

  test.each(['Gelu', 'QuickGelu', 'FastGelu'])('%s', (operator) => expect(ms(operator)).toBe('independent 0 | 0'));

  test('BiasGelu', () => {
    expect(ms('BiasGelu', { constants, with: ['g'] })).toBe('independent 0 | 0');
  });

  test('Inverse', () => {
    expect(ms('Inverse', { x: ['N', 3, 3] })).toBe('independent 0 | 0');
    expect(ms('Inverse', { x: [3, 'N', 3] })).toMatch(/^fixed/);
  });

  test('dynamic quantization', () => {
    expect(ms('DynamicQuantizeMatMul', { constants, with: ['w', 'b'] })).toMatch(
      /^coupled .*DynamicQuantizeMatMul: scales over the whole batch/,
    );
    expect(ms('DynamicQuantizeLSTM', { constants, with: ['w', 'w'] })).toMatch(/^coupled/);
  });

  test.each(['NGramRepeatBlock', 'RemovePadding', 'BeamSearch', 'MoE'])('%s is not understood', (operator) => {
    expect(ms(operator)).toMatch(/^not understood/);
  });
});

test('Attention and RotaryEmbedding of ONNX', () => {
  const inputs = { k: ['N', 2, 'S', 4], v: ['N', 2, 'S', 4] };
  const given = { x: ['N', 2, 'T', 4], inputs, opset: 23 };
  expect(verdictOf('Attention', { ...given, with: ['k', 'v'] })).toBe('independent 0,0,0 | 0');
  expect(verdictOf('Attention', { ...given, constants: { m: { weights: [5, 5] } }, with: ['k', 'v', 'm'] })).toBe(
    'independent 0,0,0 | 0',
  );
  expect(
    verdictOf('Attention', { ...given, constants: { m: { weights: [3, 2, 5, 5] } }, with: ['k', 'v', 'm'] }),
  ).toMatch(/^coupled/);
  const angles = { c: { weights: [50, 2] } };
  const rotary = { x: ['N', 2, 'T', 4], constants: angles, inputs: { ids: { int64: ['N', 'T'] } }, opset: 23 };
  expect(verdictOf('RotaryEmbedding', { ...rotary, with: ['c', 'c', 'ids'] })).toBe('independent 0,0 | 0');
});
