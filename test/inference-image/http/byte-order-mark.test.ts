import { gzipSync } from 'node:zlib';
import type { ModelManifest } from '../../../inference-image/src/contract/model-manifest';
import { PICTURE } from '../../support/picture-input';
import { identity } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';

/** Byte order mark, which takes three bytes in UTF-8. */
const MARK = '\ufeff';
const SETTINGS = { maxRequestBytes: 16 * 2 ** 20 };

let server: ServerProcess;
beforeAll(async () => (server = await ServerProcess.start(identity('float', ['n']), SETTINGS)));

describe('reads JSON after a byte order mark', () => {
  // Bodies of these sizes are read with JSON.parse, in two steps, in turns, and on the codec thread.
  test.each([0, 1600, 20_000, 100_000])('in bodies of at least %d bytes', async (bytes) => {
    const text = MARK + JSON.stringify(floats(1, 2)).padEnd(bytes);
    for (const [body, headers] of [
      [Buffer.from(text), {}],
      [gzipSync(text), { 'content-encoding': 'gzip' }],
    ] as const) {
      const reply = await server.infer(new Uint8Array(body), { headers });
      expect([reply.status, reply.body.outputs?.[0].data]).toEqual([200, [1, 2]]);
    }
  });

  test.each([0, 1600, 20_000, 100_000])(
    'before binary data, with the mark counted in the length of the JSON: %d bytes',
    async (bytes) => {
      const input = { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } };
      const json = Buffer.from(MARK + JSON.stringify({ inputs: [input] }).padEnd(bytes));
      const body = Buffer.concat([json, Buffer.from(Float32Array.of(3, 4).buffer)]);
      const headers = { 'inference-header-content-length': String(json.length) };
      const reply = await server.infer(new Uint8Array(body), { headers });
      expect([reply.status, reply.body.outputs?.[0].data]).toEqual([200, [3, 4]]);
    },
  );

  test('on other routes', async () => {
    const body = `${MARK}{"ready": true}`;
    const reply = await server.get('/v2/repository/index', { method: 'POST', body });
    expect([reply.status, reply.body]).toEqual([200, [expect.objectContaining({ state: 'READY' })]]);
  });
});

test('is not mistaken for a picture', async () => {
  const picture = { ...PICTURE, shape: [1, 1, 2, 3], width: 2, height: 1 };
  const edit = (manifest: ModelManifest) => void (manifest.image = picture);
  const pictures = await ServerProcess.start(identity('uint8', ['n', 1, 2, 3]), {}, { edit });
  const input = { name: 'x', datatype: 'UINT8', shape: [1, 1, 2, 3], data: [1, 2, 3, 4, 5, 6] };
  const reply = await pictures.infer(MARK + JSON.stringify({ inputs: [input] }));
  expect([reply.status, reply.body.outputs?.[0].data]).toEqual([200, input.data]);
});

test('refuses two marks, or a mark inside the JSON', async () => {
  for (const text of [MARK + MARK + '{}', `{${MARK}}`]) {
    const reply = await server.infer(text);
    expect([reply.status, reply.body.error]).toEqual([400, expect.stringContaining('not valid JSON')]);
  }
});
