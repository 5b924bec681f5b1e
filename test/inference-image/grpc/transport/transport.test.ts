import { once } from 'node:events';
import { constants, type OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { deflateSync, gzipSync } from 'node:zlib';
import type { Inflater } from '../../../../inference-image/src/budget/inflater';
import { MemoryBudget, REQUEST_BYTES } from '../../../../inference-image/src/budget/memory-budget';
import { UnreadAnswers } from '../../../../inference-image/src/budget/unread-answers';
import type { ServingError } from '../../../../inference-image/src/base/errors';
import { STATUS } from '../../../../inference-image/src/grpc/transport/status';
import type { Method, ServerCall } from '../../../../inference-image/src/grpc/transport/method';
import { call, open, outcome, TestTransport } from '../../../support/grpc-transport';
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  grpcHeaders,
  grpcMessage,
  setting,
} from '../../../support/http2-frames';

const MIB = 1024 * 1024;

/** Method that answers with the content of the message. */
const message = (content: Buffer, flag = 0) => grpcMessage(content, { flag });
const ECHO = { path: '/t/Echo', handle: (call: ServerCall, content: Buffer) => call.answer(message(content)) };
const LARGE_ECHO = { ...ECHO, path: '/t/LargeEcho', maxMessageBytes: 20 * MIB, limitSetting: 'maxRequestBytes' };
const STREAM = { ...ECHO, path: '/t/Stream', isStream: true };
const PROBE = { ...ECHO, path: '/t/Probe', isCounted: false, maxMessageBytes: 1024 };
const METHODS = [ECHO, LARGE_ECHO, STREAM, PROBE];

/** Short time limits. */
const LIMITS = { receiveTimeoutSeconds: 0.3, sendTimeoutSeconds: 0.3 };

const HELLO = Buffer.from('hello');

/** A method whose calls the test answers. */
function held(): { method: Pick<Method, 'path' | 'handle'>; calls: ServerCall[] } {
  const calls: ServerCall[] = [];
  return { calls, method: { path: '/t/Held', handle: (call) => void calls.push(call) } };
}

async function start(...given: ConstructorParameters<typeof TestTransport>) {
  const server = await new TestTransport(...given).listen();
  return { server, session: server.dial() };
}

describe('calls', () => {
  let server: TestTransport;
  let session: ReturnType<TestTransport['dial']>;
  beforeAll(async () => ({ server, session } = await start(METHODS, { budget: new MemoryBudget(128 * MIB) })));
  afterEach(() => server.isFree());

  test('a message in one chunk, in many chunks, or empty', async () => {
    for (const content of [HELLO, Buffer.alloc(0), Buffer.alloc(60_000, 'x')]) {
      const whole = message(content);
      const bytes =
        whole.length > 100
          ? [whole.subarray(0, 3), whole.subarray(3, 50_000), whole.subarray(50_000)]
          : [...whole].map((byte) => Buffer.from([byte]));
      for (const chunks of [[whole], bytes]) {
        expect(await call(session, ECHO.path, chunks)).toMatchObject({ code: 0, messages: [content], reset: 0 });
      }
    }
  });

  test('messages of 20 MiB in both directions', async () => {
    const content = Buffer.alloc(20 * MIB, 'y');
    const { code, messages } = await call(session, LARGE_ECHO.path, [message(content)]);
    expect([code, messages[0]?.equals(content)]).toEqual([0, true]);
  });

  test('a stream answers messages in order, whatever their chunks', async () => {
    const contents = ['a', '', 'c'.repeat(40_000), 'd'].map((text) => Buffer.from(text));
    const all = Buffer.concat(contents.map((content) => message(content)));
    for (const size of [1, 4, 7, 30_000, all.length]) {
      const chunks = [];
      for (let at = 0; at < all.length; at += at < 20 ? size : 30_000)
        chunks.push(all.subarray(at, at + (at < 20 ? size : 30_000)));
      expect(await call(session, STREAM.path, chunks)).toMatchObject({ code: 0, messages: contents });
    }
    expect(await call(session, STREAM.path, [])).toMatchObject({ code: 0, messages: [] });
  });

  test.each([
    ['gzip', gzipSync(HELLO)],
    ['deflate', deflateSync(HELLO)],
  ])('%s', async (encoding, packed) => {
    const headers = { 'grpc-encoding': encoding };
    for (const path of [ECHO.path, STREAM.path, PROBE.path]) {
      const chunks = [message(packed, 1)];
      expect(await call(session, path, chunks, headers)).toMatchObject({ code: 0, messages: [HELLO] });
      expect(await call(session, path, [message(HELLO)], headers)).toMatchObject({ code: 0, messages: [HELLO] });
    }
  });

  test.each<[string, string, Buffer[], OutgoingHttpHeaders, number, RegExp]>([
    ['an unknown method', '/t/Nothing', [message(HELLO)], {}, STATUS.UNIMPLEMENTED, /^unknown method "\/t\/Nothing"$/],
    [
      'an unknown encoding',
      ECHO.path,
      [message(HELLO, 1)],
      { 'grpc-encoding': 'br' },
      STATUS.UNIMPLEMENTED,
      /"br"; it must be one of deflate, gzip$/,
    ],
    ['no encoding', ECHO.path, [message(HELLO, 1)], {}, STATUS.UNIMPLEMENTED, /"identity"/],
    [
      'bytes that are not gzip',
      ECHO.path,
      [message(HELLO, 1)],
      { 'grpc-encoding': 'gzip' },
      STATUS.INVALID_ARGUMENT,
      /^the request is declared as gzip data but is not: incorrect header check$/,
    ],
    ['an invalid first byte', ECHO.path, [message(HELLO, 2)], {}, STATUS.INVALID_ARGUMENT, /begins with byte 2/],
    ['two messages', ECHO.path, [message(HELLO), message(HELLO)], {}, STATUS.INVALID_ARGUMENT, /accepts one message$/],
    ['no message', ECHO.path, [], {}, STATUS.INVALID_ARGUMENT, /ended before its message was complete/],
    [
      'half a message',
      ECHO.path,
      [message(HELLO).subarray(0, 7)],
      {},
      STATUS.INVALID_ARGUMENT,
      /ended before its message was complete/,
    ],
    [
      'half a message of a stream',
      STREAM.path,
      [message(HELLO).subarray(0, 7)],
      {},
      STATUS.INVALID_ARGUMENT,
      /was complete/,
    ],
    [
      'a timeout without a unit',
      ECHO.path,
      [message(HELLO)],
      { 'grpc-timeout': '10' },
      STATUS.INVALID_ARGUMENT,
      /^grpc-timeout is "10"/,
    ],
    [
      'a message that is too large',
      ECHO.path,
      [message(Buffer.alloc(65537))],
      {},
      STATUS.RESOURCE_EXHAUSTED,
      /^the message has 65537 bytes; \/t\/Echo accepts 65536$/,
    ],
    [
      'a message beyond the limit of a setting',
      LARGE_ECHO.path,
      [Buffer.from([0, 0x7f, 0, 0, 0])],
      {},
      STATUS.RESOURCE_EXHAUSTED,
      /^the message has 2130706432 bytes; maxRequestBytes is 20971520$/,
    ],
    [
      'a message that is too large after decompression',
      ECHO.path,
      [message(gzipSync(Buffer.alloc(10 * MIB)), 1)],
      { 'grpc-encoding': 'gzip' },
      STATUS.RESOURCE_EXHAUSTED,
      /too large after decompression/,
    ],
    ['headers that are too large', ECHO.path, [message(HELLO)], { x: 'x'.repeat(20_000) }, -1, /^$/],
  ])('%s is refused', async (_, path, chunks, headers, code, details) => {
    const answer = await call(session, path, chunks, headers);
    if (code === -1) expect(answer.code).not.toBe(0);
    else expect(answer).toMatchObject({ code, details: expect.stringMatching(details), messages: [] });
    // The connection remains usable.
    expect(await call(server.dial(), ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
  });

  test('large compressed messages, many at a time', async () => {
    const content = Buffer.alloc(MIB, 'large');
    const chunks = [message(gzipSync(content), 1)];
    const headers = { 'grpc-encoding': 'gzip' };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call(session, LARGE_ECHO.path, chunks, headers)),
    );
    for (const { code, messages } of answers) expect([code, messages[0]?.equals(content)]).toEqual([0, true]);
  });

  test('a request that is not gRPC gets an HTTP status', async () => {
    const status = async (headers: OutgoingHttpHeaders) =>
      (await call(session, ECHO.path, [HELLO], headers)).headers[':status'];
    expect(await status({ 'content-type': 'application/json' })).toBe(415);
    expect(await status({ 'content-type': 'application/grpcx' })).toBe(415);
    expect(await status({ ':method': 'PUT' })).toBe(405);
    expect(await status({ 'content-type': 'application/grpc+proto' })).toBe(200);
  });
});

describe('memory', () => {
  test('a full budget is RESOURCE_EXHAUSTED at once, but probes are answered', async () => {
    const { method, calls } = held();
    const { server, session } = await start([method, PROBE], { budget: new MemoryBudget(98_000) });
    const first = Array.from({ length: 5 }, () => call(session, method.path, [message(HELLO)]));
    while (calls.length < 5) await sleep(5);
    expect(await call(session, method.path, [message(HELLO)])).toMatchObject({
      code: STATUS.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^the memory for requests is full/),
      headers: { 'grpc-retry-pushback-ms': '1000' },
    });
    expect(await call(session, PROBE.path, [message(HELLO)])).toMatchObject({ code: 0 });
    for (const each of calls) each.answer(message(HELLO));
    for (const { code } of await Promise.all(first)) expect(code).toBe(0);
    await server.isFree();
  });

  test('a refused client is asked to stop sending', async () => {
    const server = await new TestTransport(METHODS, { budget: new MemoryBudget(MIB) }).listen();
    const session = server.dial({ maxSessionMemory: 1000 });
    const stream = open(session, LARGE_ECHO.path).on('error', () => undefined);
    stream.write(message(Buffer.alloc(19 * MIB)));
    const [headers] = await once(stream.resume(), 'response');
    expect(headers['grpc-status']).toBe(String(STATUS.RESOURCE_EXHAUSTED));
    await server.isFree();
    for (let sent = -1; sent !== session.socket.bytesWritten; await sleep(400)) sent = session.socket.bytesWritten;
    stream.write(Buffer.alloc(MIB));
    const before = session.socket.bytesWritten;
    await sleep(100);
    expect(session.socket.bytesWritten - before).toBeLessThan(MIB);
    stream.destroy();
  });

  test('a message holds at most twice its received bytes', async () => {
    const { server, session } = await start(METHODS);
    const stream = open(session, LARGE_ECHO.path);
    void outcome(stream);
    stream.write(message(Buffer.alloc(20 * MIB)).subarray(0, 100_000));
    while (server.budget.heldBytes < 100_000) await sleep(5);
    expect(server.budget.heldBytes).toBeLessThan(300_000);
    stream.close();
    await server.isFree();
  });

  test('long headers are counted with the memory that they take', async () => {
    const { server, session } = await start(METHODS);
    const headers = { ':method': 'POST', ':path': LARGE_ECHO.path, 'content-type': 'application/grpc' };
    const stream = session.request({ ...headers, cookie: 'c'.repeat(15_000) }).on('error', () => undefined);
    stream.write(message(Buffer.alloc(1000)).subarray(0, 100));
    while (server.budget.heldBytes === 0) await sleep(5);
    expect(server.budget.heldBytes).toBeGreaterThan(REQUEST_BYTES + 2.5 * 15_000);
    stream.close();
    await server.isFree();
  });

  test('memory is held until decompression ends if the client disconnects during it', async () => {
    const refused: string[] = [];
    const method = { ...LARGE_ECHO, refused: ({ kind }: ServingError) => void refused.push(kind) };
    const { server, session } = await start([method]);
    const chunk = message(gzipSync(Buffer.alloc(MIB, 'large')), 1);
    const streams = Array.from({ length: 5 }, () => open(session, method.path, { 'grpc-encoding': 'gzip' }));
    for (const stream of streams) {
      void outcome(stream);
      stream.write(chunk);
    }
    while (server.budget.heldBytes < 5 * chunk.length) await sleep(1);
    for (const stream of streams) stream.close(8);
    await server.isFree();
    expect(new Set(refused)).toEqual(new Set(['cancelled']));
  });

  test('memory is held until the method answers if the client disconnects during the call', async () => {
    const { method, calls } = held();
    const { server, session } = await start([method]);
    const stream = open(session, method.path);
    void outcome(stream);
    stream.end(message(HELLO));
    while (calls.length < 1) await sleep(5);
    stream.close(8);
    while (!calls[0]!.isCancelled()) await sleep(5);
    expect(server.budget.heldBytes).toBeGreaterThan(0);
    calls[0]!.answer(message(HELLO));
    expect(server.budget.heldBytes).toBe(0);
  });
});

describe('time limits', () => {
  test.each([ECHO, STREAM, PROBE])('an incomplete message to $path is DEADLINE_EXCEEDED', async ({ path }) => {
    const { server, session } = await start(METHODS, LIMITS);
    const answer = await call(session, path, [message(HELLO).subarray(0, 7)], {}, false);
    expect(answer).toMatchObject({
      code: STATUS.DEADLINE_EXCEEDED,
      details: 'the message was still incomplete after 0.3 s (receiveTimeoutSeconds)',
    });
    await server.isFree();
  });

  test('applies to a call without a message, and to one that its client does not end', async () => {
    const { server, session } = await start(METHODS, LIMITS);
    for (const chunks of [[], [message(HELLO)]]) {
      expect(await call(session, ECHO.path, chunks, {}, false)).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED });
    }
    await server.isFree();
  });

  test('does not apply to a stream between its messages', async () => {
    const { server, session } = await start(METHODS, LIMITS);
    const stream = open(session, STREAM.path);
    const answered = outcome(stream);
    for (let i = 0; i < 2; i++) {
      stream.write(message(HELLO));
      await sleep(900);
      expect(server.budget.heldBytes).toBe(0);
    }
    stream.end();
    expect(await answered).toMatchObject({ code: 0, messages: [HELLO, HELLO] });
  });

  test('drops an answer blocked by its stream, and keeps the connection', async () => {
    const server = await new TestTransport(METHODS, LIMITS).listen();
    const session = server.dial({ settings: { initialWindowSize: 0 } });
    const stream = open(session, ECHO.path);
    stream.on('error', () => undefined).end(message(HELLO));
    await once(stream, 'close');
    expect([stream.rstCode, server.drops]).toEqual([8, ['unread']]);
    await server.isFree();
    expect(session.destroyed).toBe(false);
  });

  test('a large waiting answer does not block other calls of its connection', async () => {
    const server = await new TestTransport(METHODS, { budget: new MemoryBudget(128 * MIB) }).listen();
    const session = server.dial({ settings: { initialWindowSize: 1000 } });
    const stream = open(session, LARGE_ECHO.path);
    const answered = outcome(stream.pause());
    stream.end(message(Buffer.alloc(19 * MIB)));
    await once(stream, 'response');
    for (let i = 0; i < 3; i++) expect(await call(session, ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
    stream.destroy();
    await answered;
    await server.isFree();
  });

  test('ends a connection that blocks an answer', async () => {
    const large = { path: '/t/Large', handle: (call: ServerCall) => call.answer(message(Buffer.alloc(20 * MIB))) };
    const server = await new TestTransport([large], LIMITS).listen();
    const socket = await server.dialRaw();
    // The flow-control windows have room for the whole answer, but the client does not read from its socket.
    socket.pause();
    socket.write(frame(FRAME.settings, 0, 0, setting(4, 2 ** 31 - 1)));
    socket.write(frame(FRAME.windowUpdate, 0, 0, Buffer.from('7fff0000', 'hex')));
    socket.write(frame(FRAME.headers, END_HEADERS, 1, grpcHeaders('/t/Large')));
    socket.write(frame(FRAME.data, END_STREAM, 1, message(HELLO)));
    while (server.budget.heldBytes < 20 * MIB) await sleep(5);
    await server.isFree();
    while (server.sockets.size > 0) await sleep(5);
    expect(server.drops).toEqual(['unread']);
  });

  test('ends a call at its deadline', async () => {
    const never = { path: '/t/Never', handle: (call: ServerCall) => void calls.push(call) };
    const calls: ServerCall[] = [];
    const { server, session } = await start([never]);
    const answer = await call(session, never.path, [message(HELLO)], { 'grpc-timeout': '200m' });
    expect(answer).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED });
    expect(calls[0]!.isCancelled()).toBe(true);
    // The method is still using the memory of the message.
    expect(server.budget.heldBytes).toBeGreaterThan(0);
    calls[0]!.answer(message(HELLO));
    await server.isFree();
  });

  test('reports the deadline if it passes during decompression', async () => {
    const refused: string[] = [];
    const method = { ...LARGE_ECHO, refused: ({ kind }: ServingError) => void refused.push(kind) };
    const inflater = {
      inflate: async () => {
        await sleep(600);
        return Buffer.alloc(10);
      },
    } as unknown as Inflater;
    const { server, session } = await start([method], { inflater });
    const headers = { 'grpc-timeout': '200m', 'grpc-encoding': 'gzip' };
    const answer = await call(session, method.path, [message(gzipSync(HELLO), 1)], headers);
    expect(answer).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED });
    await server.isFree();
    expect(refused).toEqual(['timeout']);
  });

  test('work for a disconnected client may take longer than sendTimeoutSeconds', async () => {
    const calls: ServerCall[] = [];
    const method = { path: '/t/Slow', handle: (call: ServerCall) => void calls.push(call) };
    const { server, session } = await start([method, ECHO], LIMITS);
    const stream = open(session, method.path);
    void outcome(stream);
    stream.end(message(HELLO));
    while (calls.length < 1) await sleep(5);
    stream.close(8);
    await sleep(900);
    expect(await call(session, ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
    calls[0]!.answer(message(HELLO));
    await server.isFree();
    expect(server.drops).toEqual([]);
  });

  test('a call that watches leaves no memory reserved when its client ends it', async () => {
    const watch = { path: '/t/Watch', isCounted: false, handle: (call: ServerCall) => void call.push(message(HELLO)) };
    const { server, session } = await start([watch, ECHO], LIMITS);
    const stream = open(session, watch.path);
    stream.on('error', () => undefined).end(message(HELLO));
    await once(stream, 'data');
    stream.close(8);
    await server.isFree();
    expect(server.drops).toEqual([]);
  });
});

// Only Linux reports the buffered bytes.
const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux('limits unread answers in the operating system', async () => {
  const dropped: string[] = [];
  const unread = new UnreadAnswers({ totalBytes: 32 * 1024 * 1024 }, { observeDrop: (reason) => dropped.push(reason) });
  const large = { path: '/t/Large', handle: (call: ServerCall) => call.answer(message(Buffer.alloc(MIB / 2))) };
  const { server } = await start([large], { unread, budget: new MemoryBudget(256 * MIB) });
  const widest = 2 ** 31 - 1;
  const sockets = await Promise.all(Array.from({ length: 30 }, () => server.dialRaw()));
  while (server.sockets.size < 30) await sleep(5);
  for (const socket of server.sockets) unread.watch(socket);
  for (const socket of sockets) {
    socket.pause();
    socket.write(frame(FRAME.settings, 0, 0, setting(4, widest)));
    const grown = Buffer.alloc(4);
    grown.writeUInt32BE(widest - 65_535);
    socket.write(frame(FRAME.windowUpdate, 0, 0, grown));
    for (let i = 0; i < 6; i++) {
      socket.write(frame(FRAME.headers, END_HEADERS, 2 * i + 1, grpcHeaders(large.path)));
      socket.write(frame(FRAME.data, END_STREAM, 2 * i + 1, message(HELLO)));
    }
  }
  while (dropped.length < 5) await sleep(20);
  expect(new Set(dropped)).toEqual(new Set(['unread']));
});

describe('many calls', () => {
  test('other clients are served while one sends thousands of messages at once', async () => {
    const server = await new TestTransport(METHODS).listen();
    const [session, other] = [server.dial({ maxSessionMemory: 1000 }), server.dial()];
    const count = 5000;
    const stream = open(session, STREAM.path);
    const answered = outcome(stream);
    stream.end(Buffer.concat(new Array<Buffer>(count).fill(message(HELLO))));
    let others = 0;
    let isAnswered = false;
    void answered.then(() => (isAnswered = true));
    while (!isAnswered) {
      expect(await call(other, ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
      others++;
    }
    expect((await answered).messages).toHaveLength(count);
    expect(others).toBeGreaterThan(20);
  });

  test('the number of idle calls is limited, and the oldest are ended', async () => {
    const server = await new TestTransport(METHODS).listen();
    const first = outcome(open(server.dial(), STREAM.path));
    const sessions = Array.from({ length: 21 }, () => server.dial());
    const streams = sessions.flatMap((session) =>
      Array.from({ length: 98 }, () => open(session, STREAM.path).on('error', () => undefined)),
    );
    expect(await first).toMatchObject({
      code: STATUS.RESOURCE_EXHAUSTED,
      details: 'too many calls are waiting for their clients',
    });
    const last = streams.at(-1)!;
    const answered = outcome(last);
    last.end(message(HELLO));
    expect(await answered).toMatchObject({ code: 0 });
  });

  test('the number of uncounted calls with unread answers is limited', async () => {
    const server = await new TestTransport(METHODS).listen();
    const call = (stream: number) => [
      frame(FRAME.headers, END_HEADERS, stream, grpcHeaders(PROBE.path)),
      frame(FRAME.data, END_STREAM, stream, message(HELLO)),
    ];
    const calls = Buffer.concat([
      frame(FRAME.settings, 0, 0, setting(4, 0)),
      ...Array.from({ length: 90 }, (_, i) => call(2 * i + 1)).flat(),
    ]);
    const sockets = await Promise.all(Array.from({ length: 40 }, () => server.dialRaw()));
    for (const socket of sockets) socket.write(calls);
    // There are 3,600 calls on 40 connections. When the server ends the oldest calls, their connections end too.
    while (server.sockets.size > 24) await sleep(10);
    expect(server.sockets.size).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    await server.isFree();
  });

  test('idle connections make room for others: first those without calls, then those with idle calls', async () => {
    const { method, calls } = held();
    const { server, session } = await start([...METHODS, method]);
    await call(session, ECHO.path, [message(HELLO)]);
    const idle = server.dial();
    const stream = open(idle, STREAM.path);
    stream.on('error', () => undefined).write(message(HELLO));
    await once(stream, 'data');
    const busy = server.dial();
    void outcome(open(busy, method.path).end(message(HELLO)));
    while (calls.length < 1) await sleep(5);
    expect(server.transport.endIdle()).toBe(true);
    await once(session, 'close');
    expect(server.transport.endIdle()).toBe(true);
    await once(idle, 'close');
    expect(server.transport.endIdle()).toBe(false);
    expect(busy.destroyed).toBe(false);
    calls[0]!.answer(message(HELLO));
  });
});

describe('a misbehaving client', () => {
  let server: TestTransport;
  beforeAll(async () => void (server = await new TestTransport(METHODS, LIMITS).listen()));
  afterEach(async () => {
    expect(await call(server.dial(), ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
    await server.isFree();
  });

  const headers = (stream: number, flags = END_HEADERS, more = {}) =>
    frame(FRAME.headers, flags, stream, grpcHeaders(ECHO.path, more));
  const data = (stream: number) => frame(FRAME.data, END_STREAM, stream, message(HELLO));
  const reset = (stream: number) => frame(FRAME.resetStream, 0, stream, Buffer.of(0, 0, 0, 8));
  const streams = Array.from({ length: 20_000 }, (_, i) => 2 * i + 1);
  const times = (count: number, bytes: Buffer) => Buffer.concat(new Array<Buffer>(count).fill(bytes));

  test.each<[string, Buffer]>([
    [
      'resets each call at once',
      Buffer.concat(streams.map((stream) => Buffer.concat([headers(stream), data(stream), reset(stream)]))),
    ],
    ['opens calls endlessly', Buffer.concat(streams.map((stream) => headers(stream)))],
    ['sends settings endlessly', times(200_000, frame(FRAME.settings, 0, 0))],
    ['sends pings endlessly', times(200_000, frame(FRAME.ping, 0, 0, Buffer.alloc(8)))],
    [
      'sends headers endlessly',
      Buffer.concat([
        headers(1, 0),
        times(1000, frame(FRAME.continuation, 0, 1, grpcHeaders('', { x: 'y'.repeat(1000) }))),
      ]),
    ],
    ['sends frames of closed calls', Buffer.concat([headers(1), data(1), times(100_000, data(1))])],
    [
      'sends more than the window allows',
      Buffer.concat([headers(1), times(2000, frame(FRAME.data, 0, 1, Buffer.alloc(16_000)))]),
    ],
    ['sends invalid bytes', Buffer.alloc(MIB, 0xff)],
  ])('%s', async (_, bytes) => {
    for (const reads of [false, true]) {
      const socket = await server.dialRaw();
      if (reads) socket.resume();
      socket.write(bytes);
      await sleep(50);
      await server.isFree();
    }
  });

  test.each<[string, Buffer]>([
    ['sends window updates', frame(FRAME.windowUpdate, 0, 0, Buffer.of(0, 0, 0, 1))],
    ['sends frames of one byte', frame(FRAME.data, 0, 1, Buffer.of(0))],
  ])('%s for a while, and is disconnected', async (_, bytes) => {
    const socket = await server.dialRaw();
    socket.resume();
    socket.write(Buffer.concat([headers(1), frame(FRAME.windowUpdate, 0, 0, Buffer.of(0, 0, 1, 0))]));
    const flood = times(20_000, bytes);
    while (!socket.closed) {
      socket.write(flood);
      await sleep(10);
    }
  });

  test.each<[string, Buffer]>([
    ['window updates', frame(FRAME.windowUpdate, 0, 0, Buffer.of(0, 0, 0, 1))],
    ['frames of an unknown type', frame(0xbe, 0, 0)],
    ['pings', frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
  ])(
    'is one of many that together send too many %s: only those that send the most are disconnected',
    async (_, bytes) => {
      const little = await Promise.all(Array.from({ length: 20 }, () => server.dialRaw()));
      const much = await Promise.all(Array.from({ length: 60 }, () => server.dialRaw()));
      for (const socket of [...little, ...much]) socket.resume();
      const [few, many] = [times(10, bytes), times(Math.ceil((60 * 1024) / bytes.length), bytes)];
      const left = () => much.filter(({ closed }) => !closed);
      while (left().length > 40) {
        for (const socket of little) socket.write(few);
        for (const socket of left()) if (socket.writableLength === 0) socket.write(many);
        await sleep(100);
      }
      expect(little.filter(({ closed }) => closed)).toHaveLength(0);
      for (const socket of [...little, ...much]) socket.destroy();
    },
  );

  test('opens calls with large headers and never acknowledges the settings', async () => {
    const socket = await server.dialRaw();
    socket.resume();
    for (const stream of streams.slice(0, 200)) socket.write(headers(stream, END_HEADERS, { x: 'y'.repeat(15_000) }));
    await sleep(100);
    expect(await call(server.dial(), ECHO.path, [message(HELLO)])).toMatchObject({ code: 0 });
    socket.destroy();
  });
});

test('clients whose messages are refused while they are being sent keep their connections', async () => {
  const server = await new TestTransport(METHODS).listen();
  const part = Buffer.alloc(15_000, message(Buffer.alloc(60_000)).subarray(0, 5));
  const resetFrame = Buffer.from('000004030000000001', 'hex');
  let [resets, closed] = [0, 0];
  for (let i = 0; i < 300; i++) {
    const socket = await server.dialRaw();
    socket.on('close', () => closed++);
    // Simulates data that was in transit when the call was reset; the window has room for it.
    socket.on('data', (answer: Buffer) => {
      if (!answer.includes(resetFrame)) return;
      resets++;
      for (let left = 3; left > 0; left--) socket.write(frame(FRAME.data, 0, 1, part));
    });
    socket.write(frame(FRAME.headers, END_HEADERS, 1, grpcHeaders(PROBE.path)));
    socket.write(frame(FRAME.data, 0, 1, part));
  }
  while (resets + closed < 300) await sleep(20);
  await sleep(600);
  expect([resets, closed]).toEqual([300, 0]);
});

test('an old connection gets GOAWAY, and calls sent in the meantime are answered', async () => {
  const { session } = await start(METHODS, { maxConnectionAgeSeconds: 0.3 });
  const answers = new Set<string>();
  while (!session.closed) {
    const { code, reset } = await call(session, ECHO.path, [message(HELLO)]);
    answers.add(`${code}, ${reset}`);
  }
  // Node's client may refuse to send a call, with this error (7). It is then safe to retry the call.
  answers.delete(`undefined, ${constants.NGHTTP2_REFUSED_STREAM}`);
  expect(answers).toEqual(new Set(['0, 0']));
  if (!session.destroyed) await once(session, 'close');
});
