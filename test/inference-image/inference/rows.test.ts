import fc from 'fast-check';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { elementCount, type Datatype } from '../../../inference-image/src/contract/signature';
import { isSame, joinRows, sliceRows } from '../../../inference-image/src/inference/rows';
import { emptyData, type Tensor } from '../../../inference-image/src/tensor/tensor';

/**
 * Tensor whose elements all have different bits. Some elements are NaNs, because copying a NaN by value can change its
 * bits.
 */
function tensorOf(datatype: Datatype, shape: number[], seed: number): Tensor {
  const data = emptyData(datatype, elementCount(shape));
  if (Array.isArray(data)) data.forEach((_, i) => (data[i] = `${seed} ${i}`));
  else {
    const bytes = new Uint8Array(data.buffer);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i % 4 === 3 ? 0x7f : 0) ^ (37 * i + 101 * seed + (i >> 8));
  }
  return { name: 'x', datatype, shape, data };
}

/** Bits of each element, by the indices of the element. */
function elements({ shape, data }: Tensor): Map<string, string> {
  const found = new Map<string, string>();
  const width = Array.isArray(data) ? 0 : data.BYTES_PER_ELEMENT;
  for (let i = 0; i < data.length; i++) {
    const index: number[] = [];
    shape.reduceRight((rest, size) => {
      index.unshift(rest % size);
      return Math.floor(rest / size);
    }, i);
    const bits = Array.isArray(data)
      ? (data[i] as string)
      : Buffer.from(data.buffer as ArrayBuffer, data.byteOffset + i * width, width).toString('hex');
    found.set(String(index), bits);
  }
  return found;
}

function moved(index: string, axis: number, by: number): string {
  return String(index.split(',').map((at, i) => (i === axis ? Number(at) + by : Number(at))));
}

const cases = fc
  .record({
    datatype: fc.constantFrom(...DATATYPES),
    shape: fc.array(fc.oneof(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 20, max: 26 })), {
      minLength: 1,
      maxLength: 3,
    }),
    axis: fc.nat(2),
    rows: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 4 }),
  })
  .map((made) => ({ ...made, axis: made.axis % made.shape.length }));

test('joins rows of any datatype on any axis correctly, bit for bit', () => {
  fc.assert(
    fc.property(cases, ({ datatype, shape, axis, rows }) => {
      const parts = rows.map((size, i) => tensorOf(datatype, shape.with(axis, size), i));
      const joined = joinRows(parts, axis);
      const total = rows.reduce((sum, size) => sum + size, 0);
      expect(joined.shape).toEqual(shape.with(axis, total));
      const found = elements(joined);
      let start = 0;
      for (const [i, part] of parts.entries()) {
        for (const [index, bits] of elements(part)) expect(found.get(moved(index, axis, start))).toBe(bits);
        expect(isSame(sliceRows(joined, axis, start, rows[i] as number), part)).toBe(true);
        start += rows[i] as number;
      }
    }),
    { numRuns: 150 },
  );
});

test('does not copy contiguous rows', () => {
  const tensor = tensorOf('FP32', [1, 6, 4], 1);
  const { buffer, byteOffset } = sliceRows(tensor, 1, 2, 3).data as Float32Array;
  expect([buffer, byteOffset]).toEqual([(tensor.data as Float32Array).buffer, 32]);
  // Rows that are not contiguous must be copied, because an executor takes ownership of the whole buffer.
  const other = tensorOf('FP32', [2, 6, 4], 1);
  expect((sliceRows(other, 1, 0, 3).data as Float32Array).buffer).not.toBe((other.data as Float32Array).buffer);
});

test('isSame compares shapes and bits', () => {
  const floats = (shape: number[], ...data: number[]): Tensor => {
    return { name: 'x', datatype: 'FP32', shape, data: Float32Array.from(data) };
  };
  expect(isSame(floats([2], NaN, 0), floats([2], NaN, 0))).toBe(true);
  expect(isSame(floats([2], 1, 0), floats([2], 1, -0))).toBe(false);
  expect(isSame(floats([2, 1], 1, 0), floats([1, 2], 1, 0))).toBe(false);
  expect(isSame(floats([2], 1, 0), floats([1], 1))).toBe(false);
  const texts = (...data: string[]): Tensor => ({ name: 'x', datatype: 'BYTES', shape: [data.length], data });
  expect(isSame(texts('a', 'b'), texts('a', 'b'))).toBe(true);
  expect(isSame(texts('a', 'b'), texts('a', 'c'))).toBe(false);
  // These lists would be equal if they were joined with commas.
  expect(isSame(texts('a,b', 'c'), texts('a', 'b,c'))).toBe(false);
});
