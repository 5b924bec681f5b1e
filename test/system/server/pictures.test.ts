import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import type { ClassOutput, PictureInput } from '../../../inference-image/src/contract/picture-input';
import { ROOT } from '../../support/root';
import { PICTURE } from '../../support/picture-input';
import { identity, initializer, node, value, type Dim, type Elem, type ModelParts } from '../../support/onnx-builder';
import { png, PNG_SIGNATURE, pngChunk } from '../../support/png';
import { ServerProcess, type Reply } from '../../support/server';

const SPEC: PictureInput = { ...PICTURE, shape: [1, 8, 16, 3], width: 16, height: 8, maxPixels: 1000 };

/** Starts a server that returns the tensor to which a picture is converted. */
function echo(
  picture: Partial<PictureInput>,
  elem: Elem = 'uint8',
  dims: Dim[] = ['n', 8, 16, 3],
): Promise<ServerProcess> {
  return ServerProcess.start(
    identity(elem, dims),
    {},
    { edit: (manifest) => void (manifest.image = { ...SPEC, ...picture }) },
  );
}

function send(server: ServerProcess, body: Buffer, type = 'image/png'): Promise<Reply> {
  return server.infer(body, { headers: { 'content-type': type } });
}

async function pixels(server: ServerProcess, body: Buffer, type?: string): Promise<number[]> {
  const reply = await send(server, body, type);
  if (reply.status !== 200) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body.outputs[0].data;
}

function file(name: string): Buffer {
  return readFileSync(join(ROOT, 'test/support/pictures', name));
}

/** Empty comment segments of a JPEG file. */
function segments(count: number): Buffer {
  return Buffer.alloc(4 * count, Buffer.from([0xff, 0xfe, 0x00, 0x02]));
}

/** Copies a JPEG file, and changes the size in the copy's frame header. */
function ofSize(jpeg: Buffer, width: number, height: number): Buffer {
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const other = Buffer.from(jpeg);
  other.writeUInt16BE(height, frame + 5);
  other.writeUInt16BE(width, frame + 7);
  return other;
}

/** Copies a PNG file, and inserts chunks after the copy's header. */
function withChunks(picture: Buffer, ...chunks: Buffer[]): Buffer {
  const header = PNG_SIGNATURE.length + 25;
  return Buffer.concat([picture.subarray(0, header), ...chunks, picture.subarray(header)]);
}

const END_OF_IMAGE = Buffer.from([0xff, 0xd9]);

/** JPEG scans of one channel, without data. */
function scans(count: number): Buffer {
  return Buffer.alloc(10 * count, Buffer.from([0xff, 0xda, 0x00, 0x08, 0x01, 0x01, 0x00, 0x00, 0x3f, 0x00]));
}

const gray2 = (levels: number[]) => png('gray', 2, [levels.slice(0, 2), levels.slice(2)]);

describe('files', () => {
  let server: ServerProcess;
  let jpegs: ServerProcess;
  beforeAll(async () => {
    server = await echo({ shape: [1, 1, 2, 3], width: 2, height: 1 }, 'uint8', ['n', 1, 2, 3]);
    jpegs = await echo({});
  });

  test('PNG: exact levels for every color type', async () => {
    expect(await pixels(server, png('rgb', 2, [[1, 2, 3, 253, 254, 255]]))).toEqual([1, 2, 3, 253, 254, 255]);
    expect(await pixels(server, png('gray', 2, [[7, 8]]))).toEqual([7, 7, 7, 8, 8, 8]);
    const palette = [9, 8, 7, 6, 5, 4];
    expect(await pixels(server, png('palette', 2, [[1, 0]], { palette }))).toEqual([6, 5, 4, 9, 8, 7]);
    // Only the upper 8 of 16 bits are used.
    expect(await pixels(server, png('gray', 2, [[7, 255, 8, 0]], { bitDepth: 16 }))).toEqual([7, 7, 7, 8, 8, 8]);
    // Blended with white: 10 * 51/255 + 255 * 204/255 is 206.
    expect(await pixels(server, png('rgba', 2, [[10, 10, 10, 51, 1, 2, 3, 0]]))).toEqual([
      206, 206, 206, 255, 255, 255,
    ]);
  });

  test('PNG: skips chunks that need not be inflated', async () => {
    const packed = deflateSync(Buffer.alloc(50e6));
    const more = ['iCCP', 'zTXt'].map((type) => pngChunk(type, Buffer.concat([Buffer.from('a\0\0'), packed])));
    const body = withChunks(png('gray', 2, [[7, 8]]), ...more);
    expect(await pixels(server, body)).toEqual([7, 7, 7, 8, 8, 8]);
  });

  test('JPEG: skips comments and other segments before the frame', async () => {
    const body = Buffer.concat([file('rgb.jpg').subarray(0, 2), segments(300), file('rgb.jpg').subarray(2)]);
    expect(await pixels(jpegs, body, 'image/jpeg')).toEqual(await pixels(jpegs, file('rgb.jpg'), 'image/jpeg'));
  });

  test('JPEG: ignores data after its end, such as a video appended by a phone', async () => {
    // The appended data looks like markers of scans, which must not be counted.
    const film = Buffer.alloc(1000, Buffer.from([0xff, 0xda]));
    const body = Buffer.concat([file('progressive.jpg'), film]);
    expect(await pixels(jpegs, body, 'image/jpeg')).toEqual(await pixels(jpegs, file('progressive.jpg'), 'image/jpeg'));
  });

  test('JPEG: decodes like Pillow, with the EXIF orientation', async () => {
    const at = (data: number[], row: number, column: number) =>
      data.slice((row * 16 + column) * 3, (row * 16 + column) * 3 + 3);
    for (const name of ['rgb.jpg', 'progressive.jpg', 'rotated.jpg']) {
      const data = await pixels(jpegs, file(name), 'image/jpeg');
      expect([at(data, 0, 0), at(data, 7, 15)]).toEqual([
        [201, 40, 20],
        [20, 60, 220],
      ]);
    }
    expect(at(await pixels(jpegs, file('gray.jpg'), 'image/jpeg'), 0, 0)).toEqual([86, 86, 86]);
  });

  test.each<[string, () => Buffer, number, string]>([
    ['text', () => Buffer.from('hello'), 400, 'the body is not a picture; send a PNG or JPEG file'],
    [
      'a form',
      () => Buffer.from('--x\r\nContent-Disposition: form-data; name="file"; filename="7.png"\r\n\r\n'),
      400,
      'the body is a form; send the PNG or JPEG file itself as the body, as curl --data-binary does',
    ],
    ['nothing', () => Buffer.alloc(0), 400, 'the body is not a picture; send a PNG or JPEG file'],
    ['a PNG without its end', () => gray2([1, 2, 3, 4]).subarray(0, -14), 400, 'the PNG file is truncated'],
    ['a PNG of a few bytes', () => gray2([1, 2, 3, 4]).subarray(0, 20), 400, 'the PNG file has no header'],
    [
      'a PNG with changed bytes',
      () => changed(gray2([1, 2, 3, 4]), 43),
      400,
      'the PNG file is damaged: a checksum is wrong',
    ],
    ['a PNG with too few rows', () => png('gray', 4, [[1, 2]]), 400, 'the PNG file cannot be decoded: it is damaged'],
    ['a PNG without pixels', () => png('gray', 0, []), 400, 'the picture has no pixels'],
    ['a JPEG without its end', () => file('rgb.jpg').subarray(0, -4), 400, 'the JPEG file is truncated'],
    [
      'a JPEG whose end marker is only in a comment',
      () => Buffer.concat([file('rgb.jpg').subarray(0, -2), Buffer.from([0xff, 0xfe, 0x00, 0x04]), END_OF_IMAGE]),
      400,
      'the JPEG file is truncated',
    ],
    ['a JPEG of a few bytes', () => file('rgb.jpg').subarray(0, 30), 400, 'the JPEG file has no frame header'],
    ['CMYK', () => file('cmyk.jpg'), 400, 'the JPEG file has 4 channels, as in CMYK; save it as RGB or gray'],
    // A decoder would skip FF 01, and would take the frame header after it for that of the picture.
    ['a JPEG with two frames', () => twoFrames(file('rgb.jpg')), 400, 'the JPEG file has no frame header'],
    [
      'a JPEG with many segments',
      () => Buffer.concat([file('rgb.jpg').subarray(0, 2), segments(10_001), file('rgb.jpg').subarray(2)]),
      400,
      'the JPEG file has no frame header',
    ],
    [
      'a JPEG with many scans',
      () => Buffer.concat([file('rgb.jpg').subarray(0, -2), scans(100), END_OF_IMAGE]),
      400,
      'the JPEG file has more than 100 scans, the limit for its 128 pixels; save it with fewer scans',
    ],
    [
      'a JPEG with the maximum number of pixels and many scans',
      () => Buffer.concat([ofSize(file('rgb.jpg'), 25, 40).subarray(0, -2), scans(20), END_OF_IMAGE]),
      400,
      'the JPEG file has more than 20 scans, the limit for its 1000 pixels; save it with fewer scans',
    ],
    [
      'a PNG with more data than its pixels need',
      () => withChunks(gray2([1, 2, 3, 4]), pngChunk('IDAT', deflateSync(Buffer.alloc(80e6)))),
      400,
      'the PNG file has more data than its 2 x 2 pixels need; save it again',
    ],
    [
      'a picture that is too large, without decoding it',
      () => png('gray', 1001, [[1]]),
      413,
      'the picture is 1001 x 1 pixels, and the limit is 1000 pixels; send a smaller one',
    ],
  ])('%s', async (_, body, status, error) => {
    const reply = await send(server, body());
    expect([reply.status, reply.body]).toEqual([status, { error }]);
  });

  test.each(['', '12'])('with the header for tensors: %j', async (length) => {
    const headers = { 'content-type': 'image/png', 'inference-header-content-length': length };
    const { status, body } = await server.infer(png('gray', 2, [[7, 8]]), { headers });
    expect([status, body.error]).toEqual([
      400,
      `Inference-Header-Content-Length is "${length}", but the body is a picture without JSON before it; remove the header`,
    ]);
  });

  test('counts refused files and serves the next picture', async () => {
    const broken = png('gray', 4, [[1, 2]]);
    const replies = await Promise.all(Array.from({ length: 40 }, () => send(server, broken)));
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([400]));
    expect(await pixels(server, png('gray', 2, [[7, 8]]))).toEqual([7, 7, 7, 8, 8, 8]);
    expect(await server.metrics()).toMatch(/requests_total\{[^}]*outcome="invalid"[^}]*\} (4|5|6)\d/);
    expect(server.stderr).toBe('');
  });
});

test('converts to floats: inverted, scaled and normalized by channel, in planes, blue first', async () => {
  const picture: Partial<PictureInput> = { shape: [1, 3, 1, 2], width: 2, height: 1, datatype: 'FP32', planar: true };
  const numbers = { invert: true, scale: 0.5, mean: [1, 2, 3], std: [1, 2, 4] };
  const server = await echo({ ...picture, color: 'bgr', ...numbers }, 'float', ['n', 3, 1, 2]);
  expect(await pixels(server, png('rgb', 2, [[5, 15, 25, 255, 255, 255]]))).toEqual([114, -1, 59, -1, 30.5, -0.75]);
});

test('returns an FP16 output as binary data', async () => {
  const half: ModelParts = {
    inputs: [value('x', 'uint8', ['n', 2])],
    outputs: [value('y', 'float16', ['n', 2])],
    nodes: [node('Cast', ['x'], ['y'], { attributes: { to: 10 } })],
  };
  const edit = (manifest: any) =>
    void (manifest.image = { ...SPEC, color: 'gray', shape: [1, 2], width: 2, height: 1 });
  const reply = await send(await ServerProcess.start(half, {}, { edit }), png('gray', 2, [[1, 2]]));
  expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'application/octet-stream']);
});

test('converts colors to gray by ITU-R BT.601', async () => {
  const server = await echo({ color: 'gray', shape: [1, 2], width: 2, height: 1 }, 'uint8', ['n', 2]);
  // Pillow's convert('L') returns the same values.
  expect(await pixels(server, png('rgb', 2, [[200, 40, 20, 20, 60, 220]]))).toEqual([86, 66]);
});

describe('sizes', () => {
  const rows = [0, 10, 20, 30].map((more) => [0, 50, 100, 150].map((level) => level + more));
  const small: Partial<PictureInput> = { color: 'gray', width: 2, height: 2, shape: [1, 4] };

  test('shrinks and enlarges like Pillow with BILINEAR', async () => {
    const server = await echo(small, 'uint8', ['n', 4]);
    expect(await pixels(server, png('gray', 4, rows))).toEqual([43, 121, 59, 137]);
    const larger = await echo({ ...small, width: 8, height: 4, shape: [1, 32] }, 'uint8', ['n', 32]);
    const data = await pixels(larger, png('gray', 4, rows));
    const pillow = rows.flatMap((row) => [0, 13, 38, 63, 88, 113, 138, 150].map((level) => level + (row[0] as number)));
    expect(Math.max(...data.map((level, i) => Math.abs(level - (pillow[i] as number))))).toBeLessThanOrEqual(1);
  });

  test('cover crops both ends, contain adds a background', async () => {
    const wide = png('gray', 4, [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    const cover = await echo({ ...small, fit: 'cover' }, 'uint8', ['n', 4]);
    expect(await pixels(cover, wide)).toEqual([2, 3, 6, 7]);
    const contain = await echo(
      { ...small, width: 4, height: 4, shape: [1, 16], fit: 'contain', background: 9 },
      'uint8',
      ['n', 16],
    );
    expect(await pixels(contain, wide)).toEqual([9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9]);
  });
});

test('refuses a very tall picture, which would need much memory when its rows are widened', async () => {
  const edit = (manifest: any) => void (manifest.image = { ...SPEC, maxPixels: 1_100_000 });
  const server = await ServerProcess.start(identity('uint8', ['n', 8, 16, 3]), {}, { edit });
  const column = (height: number) => png('gray', 1, new Array<number[]>(height).fill([7]));
  const reply = await send(server, column(70_000));
  expect([reply.status, reply.body.error]).toEqual([
    413,
    'the picture of 1 x 70000 pixels is too tall to be resized to 16 x 8; send a picture with different proportions',
  ]);
  expect((await send(server, column(68_000))).status).toBe(200);
  expect((await send(server, png('gray', 70_000, [new Array<number>(70_000).fill(7)]))).status).toBe(200);
});

test('refuses pictures at once if too many bytes would wait, and serves the first', async () => {
  const edit = (manifest: any) => void (manifest.image = { ...SPEC, maxPixels: 4_000_000 });
  const server = await ServerProcess.start(identity('uint8', ['n', 8, 16, 3]), { maxQueueBytes: 1000 }, { edit });
  const rows = new Array<number[]>(2000).fill(new Array<number>(2000).fill(7));
  const body = png('gray', 2000, rows);
  const replies = await Promise.all([1, 2, 3].map(() => send(server, body)));
  expect(replies.map(({ status }) => status).sort()).toEqual([200, 429, 429]);
  const refused = replies.find(({ status }) => status === 429)!;
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(refused.body.error).toBe(`the queue is full: ${body.length} bytes of pictures are already waiting`);
  // The thread has exited to free its memory, and a new thread decodes this picture.
  expect((await send(server, png('gray', 1, [[7]]))).status).toBe(200);
});

test('does not decode a picture whose queue timeout has passed', async () => {
  const edit = (manifest: any) => void (manifest.image = { ...SPEC, maxPixels: 4_000_000 });
  const server = await ServerProcess.start(identity('uint8', ['n', 8, 16, 3]), { queueTimeoutSeconds: 0.05 }, { edit });
  const body = png('gray', 2000, new Array<number[]>(2000).fill(new Array<number>(2000).fill(7)));
  const replies = await Promise.all(Array.from({ length: 12 }, () => send(server, body)));
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200, 504]));
  expect(replies.find(({ status }) => status === 504)!.body.error).toBe(
    'the picture was not decoded, because its turn did not come within 0.05 s',
  );
});

test('a server that shuts down answers its current picture', async () => {
  const server = await echo({});
  // Opens the connection, so that the next request is sent immediately.
  await send(server, png('gray', 2, [[7, 8]]));
  const reply = send(server, png('gray', 2, [[7, 8]]));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([await server.stop(), (await reply).status]).toEqual([0, 200]);
});

test('a model without pictures refuses them, and has no classes', async () => {
  const server = await ServerProcess.start(identity('uint8', ['n', 4]));
  const reply = await send(server, gray2([1, 2, 3, 4]));
  expect([reply.status, reply.body.error]).toEqual([415, 'the model accepts no pictures, but the body is a PNG file']);
  expect((await server.infer(gray2([1, 2, 3, 4]), { path: '/v2/models/m/classify' })).status).toBe(404);
});

describe('classes', () => {
  const names = ['no', 'yes', 'maybe'];
  const model = { model_name: 'm', model_version: '1' };

  function start(
    parts: ModelParts,
    classes: Partial<ClassOutput>,
    picture?: Partial<PictureInput>,
  ): Promise<ServerProcess> {
    const edit = (manifest: any) => {
      manifest.classes = { output: 'y', kind: 'scores', softmax: false, ...classes };
      if (picture) manifest.image = { ...SPEC, ...picture };
    };
    return ServerProcess.start(parts, {}, { edit });
  }

  function classify(server: ServerProcess, body: unknown): Promise<Reply> {
    const path = '/v2/models/m/classify';
    return server.infer(body, { path, headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  }

  const tensor = (datatype: string, shape: number[], data: unknown[]) => ({
    inputs: [{ name: 'x', datatype, shape, data }],
  });

  test('from scores, for a picture or JSON', async () => {
    const picture: Partial<PictureInput> = { color: 'gray', shape: [1, 3], width: 3, height: 1, datatype: 'FP32' };
    const server = await start(identity('float', ['n', 3]), { names }, picture);
    const classes = [
      { class: 'yes', index: 1, score: 9 },
      { class: 'maybe', index: 2, score: 5 },
      { class: 'no', index: 0, score: 1 },
    ];
    const answer = { ...model, ...classes[0], classes };
    expect(await classify(server, png('gray', 3, [[1, 9, 5]]))).toMatchObject({ status: 200, body: answer });
    expect(await classify(server, tensor('FP32', [1, 3], [1, 9, 5]))).toMatchObject({ status: 200, body: answer });
    const path = '/v2/models/m/classify';
    const raw = Buffer.from(Float32Array.of(1, 9, 5).buffer);
    expect(await server.infer(raw, { path, headers: { 'inference-header-content-length': '0' } })).toMatchObject({
      status: 200,
      body: answer,
    });
    expect(await classify(server, Buffer.from('hello'))).toMatchObject({
      status: 400,
      body: { error: 'the body is not a picture; send a PNG or JPEG file' },
    });
    expect(await classify(server, tensor('FP32', [2, 3], [1, 9, 5, 1, 9, 5]))).toMatchObject({
      status: 400,
      body: {
        error:
          'output "y" has shape [2,3], but 3 elements were expected; send one item per request, or use the path that ends in /infer',
      },
    });
    expect((await server.get('/v2/models/m/classify')).status).toBe(405);
    expect(
      (await server.infer(tensor('FP32', [1, 3], [1, 9, 5]), { path: '/v2/models/m/versions/1/classify' })).status,
    ).toBe(200);
  });

  test('from scores without a JSON form', async () => {
    const parts = {
      inputs: [value('x', 'float', ['n', 3])],
      outputs: [value('y', 'float16', ['n', 3])],
      nodes: [node('Cast', ['x'], ['y'], { attributes: { to: 10 } })],
    };
    const server = await start(parts, { names });
    const request = tensor('FP32', [1, 3], [1, 9, 5]);
    expect(await classify(server, request)).toMatchObject({
      status: 200,
      body: { class: 'yes', index: 1, score: 9 },
    });
    expect(await server.infer(request)).toMatchObject({
      status: 400,
      body: { error: 'output "y": FP16 has no JSON form; send and request it as binary data' },
    });
  });

  test('from logits without names, five at most', async () => {
    const server = await start(identity('float', ['n', 6]), { softmax: true });
    const { body } = await classify(server, tensor('FP32', [1, 6], [0, 0, 0, 'NaN', 100, 0]));
    expect(body).toMatchObject({ class: '4', index: 4 });
    expect(body.classes).toHaveLength(5);
    const whole = await classify(server, tensor('FP32', [1, 6], [0, 0, 0, 0, 0, 0]));
    expect(whole.body.score).toBe(0.16666667);
  });

  test('from the logits of a large vocabulary', async () => {
    const server = await start(identity('float', ['n', 200_000]), { softmax: true });
    const logits = new Array<number>(200_000).fill(0).with(123_456, 100);
    const { status, body } = await classify(server, tensor('FP32', [1, 200_000], logits));
    expect([status, body.class, body.score]).toEqual([200, '123456', 1]);
  });

  test('from an index', async () => {
    const server = await start(identity('int64', ['n']), { kind: 'index', names });
    expect((await classify(server, tensor('INT64', [1], [2]))).body).toEqual({
      ...model,
      class: 'maybe',
      index: 2,
      classes: [{ class: 'maybe', index: 2 }],
    });
    expect(await classify(server, tensor('INT64', [1], [3]))).toMatchObject({
      status: 500,
      body: { error: 'output "y" is class 3, but only 3 classes have names' },
    });
  });

  test('from a label, with another output', async () => {
    const parts: ModelParts = {
      inputs: [value('x', 'string', ['n'])],
      outputs: [value('z', 'float', [1]), value('y', 'string', ['n'])],
      nodes: [node('Identity', ['x'], ['y']), node('Identity', ['c'], ['z'])],
      initializers: [initializer('c', 'float', [1], Float32Array.of(1))],
    };
    const server = await start(parts, { kind: 'label', names });
    const classes = [{ class: 'yes', index: 1 }];
    expect((await classify(server, tensor('BYTES', [1], ['yes']))).body).toEqual({ ...model, ...classes[0], classes });
    expect((await classify(server, tensor('BYTES', [1], ['else']))).body).toMatchObject({ class: 'else' });
  });
});

/**
 * JPEG file that contains a marker without a length. A reader that takes the following bytes for its length finds a
 * different frame header.
 */
function twoFrames(jpeg: Buffer): Buffer {
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  const body = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0x01]), jpeg.subarray(2)]);
  const pad = Buffer.alloc(4 + body.readUInt16BE(4) - body.length);
  return Buffer.concat([body, pad, jpeg.subarray(frame)]);
}

function changed(body: Buffer, at: number): Buffer {
  const copy = Buffer.from(body);
  copy[at] = (copy[at] as number) ^ 1;
  return copy;
}
