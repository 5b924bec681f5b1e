import * as fc from 'fast-check';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { type Datatype, elementCount } from '../../../inference-image/src/contract/signature';
import { decodeBinaryData, encodeBinaryData } from '../../../inference-image/src/protocol/binary-data';
import { dataOf, shapes } from './arbitraries';

test.each(DATATYPES)('%s makes the round trip, bit for bit, from any offset', (datatype) => {
  const tensors = shapes.chain((shape) =>
    dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x', datatype, shape, data })),
  );
  fc.assert(
    fc.property(tensors, fc.nat({ max: 9 }), (tensor, offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset), encodeBinaryData(tensor)]).subarray(offset);
      const decoded = { ...tensor, data: decodeBinaryData(tensor, bytes) };
      expect(encodeBinaryData(decoded).equals(bytes)).toBe(true);
      if (datatype === 'BYTES') expect(decoded.data).toEqual(tensor.data);
    }),
    { numRuns: 300 },
  );
});

test('decoding creates a separate buffer, which can be transferred to another thread', () => {
  const body = Buffer.from('0123456789abcdef');
  const data = decodeBinaryData({ name: 'x', datatype: 'INT16', shape: [2] }, body.subarray(1, 5)) as Int16Array;
  expect(data.buffer.byteLength).toBe(4);
});

test('the layout of BYTES is a little-endian length, then the bytes', () => {
  const bytes = encodeBinaryData({ name: 'y', datatype: 'BYTES', shape: [2], data: ['é', ''] });
  expect([...bytes]).toEqual([2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0]);
});

test.each<[Datatype, number[], number[], string]>([
  ['FP32', [2], [0, 0, 0], 'its binary data has 3 bytes; FP32 of shape [2] needs 8 bytes'],
  ['BOOL', [2], [1, 2], 'an element of its binary data is neither 0 nor 1, which BOOL requires'],
  ['BYTES', [2], [0, 0, 0, 0], 'its binary data has 1 elements; shape [2] needs 2'],
  ['BYTES', [1], [0, 0, 0], 'its binary data ends in the middle of element 0'],
  ['BYTES', [2], [0, 0, 0, 0, 9, 0, 0, 0, 65], 'its binary data ends in the middle of element 1'],
  ['BYTES', [1], [255, 255, 255, 255], 'its binary data ends in the middle of element 0'],
  ['BYTES', [1], [1, 0, 0, 0, 0xff], 'element 0 of its binary data is not UTF-8 text without U+0000'],
  ['BYTES', [1], [1, 0, 0, 0, 0], 'element 0 of its binary data is not UTF-8 text without U+0000'],
])('%s of shape %j from %j: %s', (datatype, shape, bytes, message) => {
  expect(() => decodeBinaryData({ name: 'x', datatype, shape }, Buffer.from(bytes))).toThrow(new Error(message));
});
