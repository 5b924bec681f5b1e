import { identity } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';

const MAX_ERROR_BYTES = 4096;
const LONG = 'ü'.repeat(200_000);
const INPUT = '"name":"x","datatype":"FP32","shape":[1]';

/** Request bodies with a very long string or number in each place that an error could quote. */
const BODIES: readonly [what: string, body: string][] = [
  ['the name of an output', `{"inputs":[{${INPUT},"data":[1]}],"outputs":[{"name":"${LONG}"}]}`],
  ['a string as data', `{"inputs":[{${INPUT},"data":["${LONG}"]}]}`],
  ['a number', `{"inputs":[{${INPUT},"data":[${'9'.repeat(200_000)}]}]}`],
  ['a parameter of an input', `{"inputs":[{${INPUT},"data":[1],"parameters":{"${LONG}":[]}}]}`],
  ['a parameter', `{"parameters":{"${LONG}":{"a":"${LONG}"}},"inputs":[]}`],
  ['the name of an input', `{"inputs":[{"name":"${LONG}","datatype":"FP32","shape":[1],"data":[1]}]}`],
  ['a datatype', `{"inputs":[{"name":"x","datatype":"${LONG}","shape":[1],"data":[1]}]}`],
  ['a shape that is a string', `{"inputs":[{"name":"x","datatype":"FP32","shape":"${LONG}","data":[1]}]}`],
  ['a shape', `{"inputs":[{"name":"x","datatype":"FP32","shape":[${'1,'.repeat(100_000)}1],"data":[1]}]}`],
  ['an id that is an object', `{"id":{"a":"${LONG}"},"inputs":[]}`],
  ['a key', `{"${LONG}":1}`],
  ['the whole body', `"${LONG}"`],
  ['invalid JSON', LONG],
];

/** Matches a path of the server or a line of a stack trace. */
const PLACE = /[/\\](app|src|dist|node_modules)[/\\]|\n *at /;

let server: ServerProcess;
beforeAll(async () => (server = await ServerProcess.start(identity('float', ['n']))));

test.each(BODIES)('an error stays small and reveals no path of the server: %s', async (_, body) => {
  const reply = await server.infer(Buffer.from(body));
  expect(reply.status).toBe(400);
  const text = JSON.stringify(reply.body);
  expect(Buffer.byteLength(text)).toBeLessThan(MAX_ERROR_BYTES);
  expect(text).not.toMatch(PLACE);
});

test.each(['/v2/models/m/', '/v2/models/', '/'])('an error for a long path below %s stays small', async (before) => {
  const reply = await server.infer('{}', { path: `${before}${'p'.repeat(12_000)}` });
  expect([400, 404]).toContain(reply.status);
  expect(Buffer.byteLength(JSON.stringify(reply.body))).toBeLessThan(MAX_ERROR_BYTES);
});
