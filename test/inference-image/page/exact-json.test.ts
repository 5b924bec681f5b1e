import { compactJson, parseJson, readableJson } from '../../../inference-image/page/exact-json';

// Like older browsers, Node 20 does not pass the source text to a reviver.
const hasSource = Number(process.versions.node.split('.')[0]) >= 22;

test.each([
  '{"a":[1,-0,1.5e-7,"9007199254740993",true,null],"b":{}}',
  '[]',
  '"<script>\\u0000\\n"',
  ...(hasSource ? ['[9007199254740993,-18446744073709551615,1e+21]'] : []),
])('%s makes the round trip', (text) => {
  expect(compactJson(parseJson(text))).toBe(text);
});

test('writes a tensor in rows according to its shape', () => {
  const rows = (shape: number[], count: number) => ({ shape, data: new Array(count).fill(0) });
  const line = (length: number) => new Array(length).fill('0').join(', ');
  expect(readableJson({ inputs: [rows([2, 10], 20)] })).toBe(
    `{\n  "inputs": [\n    {\n      "shape": [2, 10],\n      "data": [\n        ${line(10)},\n        ${line(10)}\n      ]\n    }\n  ]\n}`,
  );
  expect(readableJson(rows([16], 16))).toBe(`{\n  "shape": [16],\n  "data": [${line(16)}]\n}`);
  expect(readableJson(rows([17, 1], 17))).toBe(`{\n  "shape": [17, 1],\n  "data": [\n    ${line(16)},\n    0\n  ]\n}`);
});
