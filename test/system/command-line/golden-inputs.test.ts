import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { identity, node, value, writeOnnxModel, type Elem } from '../../support/onnx-builder';
import { runCli } from '../../support/run-cli';
import { temporaryFolder } from '../../support/temporary-folder';

const folder = temporaryFolder();
const home = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(home));

const record = (...args: string[]) => runCli('golden', 'record', 'm.onnx', '--force', '--inputs', ...args);

/** Records golden examples, and returns the inputs of the first one. */
function recorded(...args: string[]): Record<string, unknown>[] {
  expect(record(...args)).toMatchObject({ code: 0, stderr: '' });
  return JSON.parse(readFileSync('m.golden.json', 'utf8')).examples[0].request.inputs;
}

/** NumPy file in format version 1.0. */
function npy(descr: string, shape: number[], data: ArrayBufferView, order = 'False'): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': ${descr}, 'fortran_order': ${order}, 'shape': (${tuple}), }`.padEnd(117, ' ') + '\n';
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return Buffer.concat([start, Buffer.from(header), Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}

/** Writes a model that returns its input, optionally with a second input of integers. */
function model(elem: Elem, dims: (number | string)[] = ['n', 2], hasSecond = false): void {
  if (!hasSecond) writeOnnxModel('m.onnx', identity(elem, dims));
  else {
    writeOnnxModel('m.onnx', {
      inputs: [value('x', elem, ['n', 1]), value('k', 'int64', ['n', 1])],
      outputs: [value('y', elem, ['n', 1]), value('z', 'int64', ['n', 1])],
      nodes: [node('Identity', ['x'], ['y']), node('Identity', ['k'], ['z'])],
    });
  }
}

test('P16 a request in JSON may have long integers in any form', () => {
  model('int64', [4]);
  const data = '[1e18, 9007199254740993.0, -9223372036854775808, 2]';
  writeFileSync('long.json', `{"inputs": [{"name": "x", "datatype": "INT64", "shape": [4], "data": ${data}}]}`);
  expect(record('long.json')).toMatchObject({ code: 0, stderr: '' });
  const integers = /\[1000000000000000000, ?9007199254740993, ?-9223372036854775808, ?2]/g;
  expect(readFileSync('m.golden.json', 'utf8').match(integers)).toHaveLength(2);
});

describe('arrays of NumPy', () => {
  test.each<[Elem, string, ArrayBufferView, unknown[]]>([
    ['float', "'<f4'", Float32Array.of(0.5, 2), [0.5, 2]],
    ['float', "'<f8'", Float64Array.of(0.5, 2), [0.5, 2]],
    ['float', "'<f8'", Float64Array.of(NaN, -Infinity), ['NaN', '-Infinity']],
    ['float', "'<f2'", Uint16Array.of(0x3800, 0xfbff), [0.5, -65504]],
    ['double', "'<f2'", Uint16Array.of(0x0001, 0x7c00), [2 ** -24, 'Infinity']],
    ['double', "'<f4'", Float32Array.of(0.5, 2), [0.5, 2]],
    ['float', "'<i8'", BigInt64Array.of(1n, -2n), [1, -2]],
    ['int32', "'<i8'", BigInt64Array.of(1n, -2n), [1, -2]],
    ['int64', "'|u1'", Uint8Array.of(1, 255), [1, 255]],
    ['bool', "'|b1'", Uint8Array.of(1, 0), [true, false]],
    ['string', "'<U3'", Uint32Array.from([103, 252, 110, 97, 0, 0]), ['gün', 'a']],
    ['string', "'|S2'", Buffer.from('aab\0'), ['aa', 'b']],
  ])('become %s from %s', (elem, descr, data, expected) => {
    model(elem);
    writeFileSync('one.npy', npy(descr, [1, 2], data));
    const [input] = recorded('one.npy');
    expect(input).toMatchObject({ name: 'x', shape: [1, 2], data: expected });
  });

  test('in an archive have the names of inputs, compressed or not', () => {
    model('float', [], true);
    const files = {
      'k.npy': npy("'<i8'", [2, 1], BigInt64Array.of(9007199254740993n, 2n)),
      'x.npy': npy("'<f4'", [2, 1], Float32Array.of(0.5, 2)),
    };
    for (const level of [0, 9] as const) {
      writeFileSync('two.npz', zipSync(files, { level }));
      expect(recorded('two.npz').map(({ name, shape }) => [name, shape])).toEqual([['k', [2, 1]], ['x', [2, 1]]]); // prettier-ignore
      expect(readFileSync('m.golden.json', 'utf8')).toContain('9007199254740993');
    }
  });

  test('in an archive may have no name if the model has one input', () => {
    model('float');
    writeFileSync('one.npz', zipSync({ 'arr_0.npy': npy("'<f4'", [1, 2], Float32Array.of(0.5, 2)) }));
    expect(recorded('one.npz')).toMatchObject([{ name: 'x', data: [0.5, 2] }]);
    writeFileSync('two.npz', zipSync({ 'arr_0.npy': npy("'<f4'", [1, 2], Float32Array.of(0.5, 2)), 'arr_1.npy': npy("'<f4'", [1, 2], Float32Array.of(0.5, 2)) })); // prettier-ignore
    expect(record('two.npz').stderr).toContain('array "arr_0": no input has this name; the inputs are "x".');
    model('float', [], true);
    expect(record('one.npz').stderr).toContain('array "arr_0": no input has this name; the inputs are "x", "k".');
  });

  test.each(['serving/x', 'x.npy', 'x.1', '../x'])('in an archive may have names such as "%s"', (name) => {
    writeOnnxModel('m.onnx', {
      inputs: [value(name, 'float', ['n', 2])],
      outputs: [value('y', 'float', ['n', 2])],
      nodes: [node('Identity', [name], ['y'])],
    });
    writeFileSync('one.npz', zipSync({ [`${name}.npy`]: npy("'<f4'", [1, 2], Float32Array.of(0.5, 2)) }));
    expect(recorded('one.npz')).toMatchObject([{ name, data: [0.5, 2] }]);
  });

  test.each<[string, Elem, () => Buffer | Uint8Array, string]>([
    [
      'x.npy',
      'float',
      () => Buffer.from('{}'),
      'array "x": it is not a NumPy array. Save it again with np.save or np.savez.',
    ],
    [
      'x.npy',
      'float',
      () => npy("'|O'", [1, 2], Float32Array.of(1, 2)),
      `array "x": its dtype is '|O', which is not supported. Save numbers, booleans or strings of one dtype.`,
    ],
    [
      'x.npy',
      'float',
      () => npy("'<f4'", [1, 2], Float32Array.of(1, 2), 'True'),
      'array "x": its elements are in column-major order. Save np.ascontiguousarray(x).',
    ],
    [
      'x.npy',
      'float',
      () => npy("'>f4'", [1, 2], Float32Array.of(1, 2)),
      `array "x": its elements are big-endian. Save x.astype(x.dtype.newbyteorder('<')).`,
    ],
    [
      'x.npy',
      'float',
      () => npy("'<f4'", [1, 3], Float32Array.of(1, 2)),
      'array "x": it has 8 bytes of elements, but its shape needs 12. Save it again with np.save or np.savez.',
    ],
    [
      'x.npy',
      'int64',
      () => npy("'<f8'", [1, 2], Float64Array.of(1, 2)),
      'array "x": its dtype is f8, but the input expects INT64. Save x.astype(np.int64).',
    ],
    [
      'x.npy',
      'int32',
      () => npy("'<i8'", [1, 2], BigInt64Array.of(1n, 1n << 40n)),
      'array "x": its element 1099511627776 does not fit in INT32. Save values that the input can hold.',
    ],
    [
      'x.npy',
      'string',
      () => npy("'>U1'", [1, 2], Uint32Array.of(0x61000000, 0x62000000)),
      `array "x": its elements are big-endian. Save x.astype(x.dtype.newbyteorder('<')).`,
    ],
    [
      'x.npy',
      'string',
      () => npy("'|S1'", [1, 2], Buffer.from([97, 0xfc])),
      `array "x": it contains a string that is not UTF-8. Save np.char.decode(x, 'latin-1') if that is its encoding.`,
    ],
    [
      'x.npy',
      'string',
      () => npy("'<U1'", [1, 2], Uint32Array.of(97, 0x110000)),
      'array "x": it contains a string with 0x110000, which is not a Unicode character. Save strings of valid characters.',
    ],
    [
      'x.npy',
      'string',
      () => npy("'<U1'", [1, 2], Uint32Array.of(97, 0xd800)),
      'array "x": it contains a string with 0xd800, which is not a Unicode character. Save strings of valid characters.',
    ],
    [
      'x.npy',
      'float16',
      () => npy("'<f4'", [1, 2], Float32Array.of(1, 2)),
      'array "x": its dtype is f4, but the input expects FP16. Save x.astype(np.float16).',
    ],
    [
      'x.npy',
      'int32',
      () => npy("'<f2'", [1, 2], Uint16Array.of(1, 2)),
      'array "x": its dtype is f2, but the input expects INT32. Save x.astype(np.int32).',
    ],
    [
      'x.npy',
      'float',
      () => npy("'<f8'", [1, 2], Float64Array.of(1, -1e300)),
      'array "x": its element -1e+300 does not fit in FP32. Save values that the input can hold.',
    ],
    [
      'x.npy',
      'bool',
      () => npy("'|u1'", [1, 2], Uint8Array.of(0, 1)),
      'array "x": its dtype is u1, but the input expects BOOL. Save x.astype(np.bool_).',
    ],
    [
      'x.npy',
      'string',
      () => npy("'<i8'", [1, 2], BigInt64Array.of(1n, 2n)),
      `array "x": its dtype is i8, but the input expects strings. Save x.astype('U').`,
    ],
    [
      'q.npz',
      'float',
      () => zipSync({ 'q.npy': npy("'<f4'", [1, 2], Float32Array.of(1, 2)) }),
      'array "q": no input has this name; the inputs are "x". Name each array after an input.',
    ],
    [
      'q.npz',
      'float',
      () => Buffer.from('PK'),
      'it cannot be unpacked: invalid zip data. Save it again with np.savez.',
    ],
  ])('that are invalid, in %s for %s, are refused', (file, elem, content, message) => {
    model(elem);
    writeFileSync(file, content());
    expect(record(file)).toEqual({ code: 1, stdout: '', stderr: `${file}: ${message} [golden-input-invalid]\n` });
  });

  test('without names are only for models with one input', () => {
    model('float', [], true);
    writeFileSync('one.npy', npy("'<f4'", [1, 2], Float32Array.of(1, 2)));
    expect(record('one.npy').stderr).toBe(
      `one.npy: it contains one array, but the model's inputs are "x", "k". Save one array per input with np.savez, and name each after its input. [golden-input-invalid]\n`,
    );
  });

  test('of the wrong shape are refused like a request', () => {
    model('float');
    writeFileSync('one.npy', npy("'<f4'", [1, 3], Float32Array.of(1, 2, 3)));
    expect(record('one.npy').stderr).toContain('m.onnx: nothing was recorded: one: input "x"');
  });
});

const NAMES_OR_NUMBERS = 'Write only numbers, or a name for each column.';
const TOO_LARGE = 'which is outside the range of a 64-bit float. Write a number that the input can hold.';
const PLAIN = 'Write numbers as 1234.5, with a decimal point and without separators.';

describe('tables', () => {
  test.each<[Elem, string, unknown[]]>([
    ['float', '1,.5\n-2.0,1e3\n', [1, 0.5, -2, 1000]],
    ['float', '\ufeffwidth,height\r\n1,+2\r\n nan ,inf', [1, 2, 'NaN', 'Infinity']],
    ['int64', '007,1\n', [7, 1]],
    ['float', 'y,x\n1,2\n', [1, 2]],
    ['float', '2m temp,"width, cm"\n1,2\n', [1, 2]],
    ['float', 'Na,É1\n1,2\n', [1, 2]],
    ['float', '1,2\r3,4\r', [1, 2, 3, 4]],
    ['bool', 'True,0\nfalse,1\n', [true, false, false, true]],
    ['bool', '1.0,0.0\n-0,0e3\n', [true, false, false, false]],
    ['string', '"a, ""b""",c\n"two\nlines",\n', ['a, "b"', 'c', 'two\nlines', '']],
  ])('of %s: %j', (elem, text, expected) => {
    model(elem);
    writeFileSync('table.csv', text);
    const [input] = recorded('table.csv');
    expect(input).toMatchObject({ name: 'x', shape: [expected.length / 2, 2], data: expected });
  });

  test('of one column have empty strings in quotes', () => {
    model('string', ['n', 1]);
    writeFileSync('table.csv', 'a\n""\n\nb\n""');
    expect(recorded('table.csv')).toMatchObject([{ shape: [4, 1], data: ['a', '', 'b', ''] }]);
  });

  test('have a column for each of several inputs', () => {
    model('float', [], true);
    writeFileSync('table.csv', 'k,other,x\n9007199254740993,a,0.5\n2,b,1\n');
    expect(recorded('table.csv').map(({ name, shape }) => [name, shape])).toEqual([['x', [2, 1]], ['k', [2, 1]]]); // prettier-ignore
    expect(readFileSync('m.golden.json', 'utf8')).toContain('9007199254740993');
    writeFileSync('table.csv', 'k,other\n1,2\n');
    expect(record('table.csv').stderr).toBe(
      'table.csv: its first line has no column "x". Add a header with a column per input: "x", "k". [golden-input-invalid]\n',
    );
  });

  test.each<[string, string, Elem?]>([
    ['', 'it is empty. Write one line per row.'],
    ['1,2\n3\n', 'line 2 has 1 value, but line 1 has 2. Write the same number of values on every line.'],
    ['a,b\n1,2\n3,4,5\n', 'line 3 has 3 values, but line 1 has 2. Write the same number of values on every line.'],
    ['1\n3,4\n', 'line 2 has 2 values, but line 1 has 1. Write the same number of values on every line.'],
    ['1,2\n3,x\n', 'line 2 has "x", which is not a number. Write a number.'],
    ['1,2\n\n3,"x\n"\n', 'line 3 has "x\\n", which is not a number. Write a number.'],
    ['"a\nb",c\n3,\n', 'line 3 has "", which is not a number. Write a number.'],
    [
      '1,2\n3,a"b\n',
      'line 2 has a quotation mark within a value. Double the quotation mark and put the value in quotes.',
    ],
    ['1,2\n', 'line 1 has "2", which is not a boolean. Write true, false, 1 or 0.', 'bool'],
    ['1,nan\n', 'line 1 has "nan", which is not a boolean. Write true, false, 1 or 0.', 'bool'],
    ['1,\n3,4\n', 'line 1 has "", which is not a number. Write a number.'],
    [',\n3,4\n', 'line 1 has "", which is not a number. Write a number.'],
    ['$5,2\n3,4\n', 'line 1 has "$5", which is not a number. Write a number.'],
    ['-,?\n3,4\n', 'line 1 has "-", which is not a number. Write a number.'],
    ['1,b\n3,4\n', `line 1 mixes the name "b" with the value "1". ${NAMES_OR_NUMBERS}`],
    ['a,\n3,4\n', `line 1 mixes the name "a" with the value "". ${NAMES_OR_NUMBERS}`],
    ['a,"1,5"\n3,4\n', `line 1 mixes the name "a" with the value "1,5". ${NAMES_OR_NUMBERS}`],
    ['nan,x\n3,4\n', `line 1 mixes the name "x" with the value "nan". ${NAMES_OR_NUMBERS}`],
    ['"1,5","2,5"\n3,4\n', `line 1 has "1,5", which is not a number. ${PLAIN}`],
    ['3,4\n"1.234,5",2\n', `line 2 has "1.234,5", which is not a number. ${PLAIN}`],
    ['1_000,2_000\n3,4\n', `line 1 has "1_000", which is not a number. ${PLAIN}`],
    ['1 200,1 300\n3,4\n', `line 1 has "1 200", which is not a number. ${PLAIN}`],
    ["1'200,1'300\n3,4\n", `line 1 has "1'200", which is not a number. ${PLAIN}`],
    ['"1,5e3","-2,5e3"\n3,4\n', `line 1 has "1,5e3", which is not a number. ${PLAIN}`],
    ['NA,NA\n3,4\n', 'line 1 has "NA", which is not a number. Write a number.'],
    ['1;2\n3;4\n', 'line 1 has "1;2", which is not a number. Separate values with commas.'],
    ['a;b\n3;4\n', 'line 2 has "3;4", which is not a number. Separate values with commas.'],
    ['1\t2\n3\t4\n', 'line 1 has "1\\t2", which is not a number. Separate values with commas.'],
    ['1e400,2\n', `line 1 has "1e400", ${TOO_LARGE}`],
    ['a,b\n1,-1e400\n', `line 2 has "-1e400", ${TOO_LARGE}`, 'double'],
    ['1,1e400\n', `line 1 has "1e400", ${TOO_LARGE}`, 'int64'],
  ])('that are invalid are refused: %j', (text, message, elem = 'float') => {
    model(elem);
    writeFileSync('table.csv', text);
    expect(record('table.csv').stderr).toBe(`table.csv: ${message} [golden-input-invalid]\n`);
  });

  test('have at most two dimensions', () => {
    model('float', ['n', 2, 2]);
    writeFileSync('table.csv', '1,2\n');
    expect(record('table.csv').stderr).toBe(
      'table.csv: input "x" has 3 dimensions, but a table has 2. Use a .npy, .npz or .json file. [golden-input-invalid]\n',
    );
  });
});

describe('requests without rows', () => {
  test.each<[string, string | Buffer]>([
    ['none.csv', 'a,b\n'],
    ['none.npy', npy("'<f4'", [0, 2], new Float32Array())],
    ['none.npz', zipSync({ 'x.npy': npy("'<f4'", [0, 2], new Float32Array()) }) as Buffer],
    ['none.json', '{"inputs":[{"name":"x","datatype":"FP32","shape":[0,2],"data":[]}]}'],
  ])('in %s are refused', (file, content) => {
    model('float');
    writeFileSync('table.csv', '1,2\n');
    writeFileSync(file, content);
    rmSync('m.golden.json', { force: true });
    expect(record('table.csv', file)).toMatchObject({
      code: 1,
      stderr:
        'm.onnx: nothing was recorded: the request "none" has no rows, so its answer could not detect a changed model. Use a request with at least one row. [golden-empty]\n',
    });
    expect(existsSync('m.golden.json')).toBe(false);
  });

  test('are refused even if an input that all rows share has elements', () => {
    writeOnnxModel('m.onnx', {
      inputs: [value('x', 'float', ['n', 2]), value('k', 'float', [2])],
      outputs: [value('y', 'float', ['n', 2])],
      nodes: [node('Add', ['x', 'k'], ['y'])],
    });
    const files = {
      'x.npy': npy("'<f4'", [0, 2], new Float32Array()),
      'k.npy': npy("'<f4'", [2], Float32Array.of(1, 2)),
    };
    writeFileSync('none.npz', zipSync(files));
    expect(record('none.npz').stderr).toContain('[golden-empty]');
  });

  test('do not include requests in which one of several inputs is empty, such as a cache before the first word', () => {
    writeOnnxModel('m.onnx', {
      inputs: [value('x', 'float', ['n', 2]), value('past', 'float', ['m', 2])],
      outputs: [value('y', 'float', ['k', 2])],
      nodes: [node('Concat', ['past', 'x'], ['y'], { attributes: { axis: 0 } })],
    });
    const files = {
      'x.npy': npy("'<f4'", [1, 2], Float32Array.of(1, 2)),
      'past.npy': npy("'<f4'", [0, 2], new Float32Array()),
    };
    writeFileSync('first.npz', zipSync(files));
    expect(recorded('first.npz')).toHaveLength(2);
  });
});

test('a folder is not accepted as a request', () => {
  model('float');
  mkdirSync('requests.npz', { recursive: true });
  for (const path of ['.', 'requests.npz']) {
    expect(record(path).stderr).toBe(
      `${path}: this is a folder or a device, not a regular file. Pass the path of a file. [not-a-file]\n`,
    );
  }
});
