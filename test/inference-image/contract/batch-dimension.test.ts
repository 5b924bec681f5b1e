import { batchDimension } from '../../../inference-image/src/contract/batch-dimension';
import type { Dimension, TensorSignature } from '../../../inference-image/src/contract/signature';

const tensor = (name: string, ...dimensions: Dimension[]): TensorSignature => ({ name, datatype: 'FP32', dimensions });

test('is the symbol that every input and output begins with', () => {
  const signature = { inputs: [tensor('a', 'N', 4), tensor('b', 'N', 'M')], outputs: [tensor('y', 'N')] };
  expect(batchDimension(signature)).toEqual({ symbol: 'N' });
});

test.each([
  [[tensor('a')], 'input "a" is a scalar'],
  [[tensor('a', null, 4)], 'input "a" leaves its first dimension unnamed'],
  [[tensor('a', 1, 4)], 'input "a" has a fixed first dimension, 1'],
  [[tensor('a', 'N', 4), tensor('b', 'M', 3)], 'input "a" begins with dimension "N", input "b" with "M"'],
  [[tensor('a', 'M', 4)], 'input "a" begins with dimension "M", output "y" with "N"'],
  [[], 'there is no input'],
])('names what is in the way', (inputs, obstacle) => {
  const outputs = inputs.length === 0 ? [] : [tensor('y', 'N')];
  expect(batchDimension({ inputs, outputs })).toEqual({ obstacle });
});
