/** Attacks whose answers are unread, repeated, or much larger than the requests. */
import { grpcMessage } from '../../../support/http2-frames';
import { again, atOnce, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { filled, gzip, MIB } from '../wire/bytes';
import { ask, head, hold, JSON_TYPE, PACKED } from '../wire/http1';
import { callOn, INFER, open } from '../wire/grpc';
import { field, firstInput, inferRequest, REQUEST, shapeOf } from '../wire/protobuf';

/** JSON request with one string of escaped control characters, which an identity model returns. */
function textRequest({ inputs }: Target, bytes: number): Buffer {
  const { name, shape } = inputs[0]!;
  const sizes = shape.map(() => 1);
  const json = `{"inputs":[{"name":"${name}","datatype":"BYTES","shape":[${sizes}],"data":["${'\\u0001'.repeat(Math.floor(bytes / 6))}"]}]}`;
  return Buffer.from(json);
}

/** Attack with pipelined requests on connections that never read the answers. */
function pipelined(name: string, what: string, path: (target: Target) => string, more: Partial<Attack> = {}): Attack {
  return {
    name,
    what,
    ...more,
    async run(target) {
      const tally = new Tally();
      const requests = filled(64 * 1024, head('GET', path(target), {}));
      const end = performance.now() + target.seconds * 1000;
      await hold(
        target,
        tally,
        64,
        async (connection) => {
          while (!connection.closed && performance.now() < end - 500) await connection.write(requests, 1000);
        },
        { reads: false },
      );
      return tally;
    },
  };
}

export const answers: readonly Attack[] = [
  {
    name: 'unread-errors',
    what: 'a huge name in gzip that an error quotes, by 32 clients that do not read',
    short: true,
    async run(target) {
      const tally = new Tally();
      const size = largest(target) - 100;
      const body = gzip(
        Buffer.concat([Buffer.from('{"inputs":[{"name":"'), filled(size, '\\\\'), Buffer.from('"}]}')]),
      );
      await hold(
        target,
        tally,
        32,
        (connection) =>
          connection.write(
            Buffer.concat([
              Buffer.from(head('POST', inferPath(target), { ...PACKED, 'Content-Length': body.length })),
              body,
            ]),
          ),
        { reads: false },
      );
      return tally;
    },
  },
  {
    name: 'unread-texts',
    what: 'strings of the largest size whose answers are six times as long, by 8 clients that do not read',
    model: 'text',
    short: true,
    async run(target) {
      const tally = new Tally();
      const body = gzip(textRequest(target, largest(target)));
      const bytes = head('POST', inferPath(target), { ...PACKED, 'Content-Length': body.length });
      await hold(target, tally, 8, (connection) => connection.write(Buffer.concat([Buffer.from(bytes), body])), {
        reads: false,
      });
      return tally;
    },
  },
  {
    name: 'large-texts',
    what: 'strings of the largest size whose answers are six times as long, by 8 clients that read them',
    model: 'text',
    statuses: /^(HTTP (200|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = gzip(textRequest(target, largest(target)));
      await atOnce(8, () => ask(target, tally, { path: inferPath(target), headers: PACKED, body }));
      return tally;
    },
  },
  {
    name: 'control-characters-in-texts',
    what: 'binary strings of control characters, which take six bytes each in a JSON answer, by 8 clients at once',
    model: 'text',
    statuses: /^(HTTP (200|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const bytes = largest(target) - 1000;
      const { name, shape } = target.inputs[0]!;
      const json = `{"inputs":[{"name":"${name}","datatype":"BYTES","shape":[${shape.map(() => 1)}],"parameters":{"binary_data_size":${bytes}}}]}`;
      const blob = Buffer.alloc(bytes, 1);
      blob.writeUInt32LE(bytes - 4, 0);
      const headers = { 'content-encoding': 'gzip', 'inference-header-content-length': String(json.length) };
      const body = gzip(Buffer.concat([Buffer.from(json), blob]));
      await atOnce(8, () => ask(target, tally, { path: inferPath(target), headers, body }));
      return tally;
    },
  },
  pipelined(
    'pipelined-openapi',
    'endless requests for /openapi.json on 64 connections that do not read',
    () => '/openapi.json',
    { short: true },
  ),
  pipelined('pipelined-page', 'endless requests for the page on 64 connections that do not read', () => '/'),
  pipelined(
    'pipelined-stats',
    'endless requests for statistics on 64 connections that do not read',
    ({ model }) => `/v2/models/${model}/stats`,
  ),
  {
    name: 'pipelined-inference',
    what: 'endless invalid inference requests on 64 connections that do not read',
    async run(target) {
      const tally = new Tally();
      const body = `{"inputs":[{"name":"${'n'.repeat(500)}","datatype":"FP32","shape":[1],"data":[1]}]}`;
      const one = head('POST', inferPath(target), { ...JSON_TYPE, 'Content-Length': body.length }) + body;
      const end = performance.now() + target.seconds * 1000;
      await hold(
        target,
        tally,
        64,
        async (connection) => {
          while (!connection.closed && performance.now() < end - 500)
            await connection.write(filled(64 * 1024, one), 1000);
        },
        { reads: false },
      );
      return tally;
    },
  },
  {
    name: 'names-everywhere',
    what: 'long names in every place that an answer could quote',
    short: true,
    statuses: /^(HTTP (400|404|413|414|415|429|431)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const path = inferPath(target);
      const { name, datatype } = target.inputs[0]!;
      const long = 'ü'.repeat(200_000);
      const input = `"name":"${name}","datatype":"${datatype}","shape":[1]`;
      const texts = [
        `{"inputs":[{${input},"data":[1]}],"outputs":[{"name":"${long}"}]}`,
        `{"inputs":[{${input},"data":["${long}"]}]}`,
        `{"inputs":[{${input},"data":[1],"parameters":{"${long}":1}}]}`,
        `{"inputs":[{${input},"data":[1]}],"parameters":{"${long}":"${long}"}}`,
        `{"inputs":[{"name":"${long}","datatype":"FP32","shape":[1],"data":[1]}]}`,
        `{"inputs":[{"name":"${name}","datatype":"${long}","shape":[1],"data":[1]}]}`,
        `{"inputs":[{"name":"${name}","datatype":"${datatype}","shape":"${long}","data":[1]}]}`,
        `{"inputs":[{"name":"${name}","datatype":"${datatype}","shape":[${'1,'.repeat(100_000)}1],"data":[1]}]}`,
        `{"inputs":[{${input},"data":[${'9'.repeat(200_000)}]}]}`,
        `{"id":"${long}","inputs":[]}`,
        `{"id":{"a":"${long}"},"inputs":[]}`,
        `"${long}"`,
        long,
      ];
      await again(4, target.seconds / 2, (turn) =>
        ask(target, tally, { path, headers: JSON_TYPE, body: Buffer.from(texts[turn % texts.length]!) }),
      );
      const longPath = 'p'.repeat(12_000);
      const paths = [
        `/v2/models/${longPath}`,
        `/v2/models/${longPath}/infer`,
        `/${longPath}`,
        `/v2/models/${target.model}/versions/${longPath}/infer`,
      ];
      await atOnce(40, (index) =>
        ask(target, tally, { path: paths[index % paths.length]!, headers: JSON_TYPE, body: Buffer.from('{}') }),
      );
      await atOnce(10, () =>
        ask(target, tally, { path, headers: { 'content-type': `a/${'b'.repeat(10_000)}` }, body: Buffer.from('{}') }),
      );
      return tally;
    },
  },
  {
    name: 'names-everywhere-grpc',
    what: 'long names in every field of a gRPC request that an error could quote',
    statuses: /^(INVALID_ARGUMENT|RESOURCE_EXHAUSTED|NOT_FOUND|UNIMPLEMENTED|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const session = open(target);
      const long = 'ü'.repeat(100_000);
      const bodies = [
        field(REQUEST.name, long),
        inferRequest(target, field(REQUEST.version, long)),
        inferRequest(target, field(REQUEST.inputs, field(1, long))),
        inferRequest(target, firstInput(target, shapeOf(1), field(2, long))),
        inferRequest(target, firstInput(target, shapeOf(...new Array<number>(50_000).fill(1)))),
        inferRequest(target, field(REQUEST.outputs, field(1, long)), firstInput(target, shapeOf(1))),
        inferRequest(target, field(REQUEST.parameters, Buffer.concat([field(1, long), field(2, field(3, long))]))),
      ];
      await again(4, target.seconds / 2, async (turn) => {
        const body = grpcMessage(bodies[turn % bodies.length]!);
        tally.add(await callOn(session, INFER, body), body.length);
      });
      session.destroy();
      return tally;
    },
  },
  {
    name: 'slow-readers',
    what: '200 clients that read an answer of a few KiB in pieces of a few bytes',
    async run(target) {
      const tally = new Tally();
      await hold(target, tally, 200, (connection) => connection.write(head('GET', '/openapi.json', {})), {
        reads: false,
      });
      return tally;
    },
  },
  {
    name: 'compressed-answers',
    what: 'requests for a compressed /openapi.json, repeatedly by 16 clients',
    statuses: /^(HTTP (200|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      await again(16, target.seconds, () =>
        ask(target, tally, { method: 'GET', path: '/openapi.json', headers: { 'accept-encoding': 'gzip' } }),
      );
      return tally;
    },
  },
  {
    name: 'output-beyond-the-budget',
    what: 'a number that determines an output of 64 MiB, which takes several hundred MiB as JSON, by 4 clients at once',
    model: 'expanding',
    short: true,
    statuses: /^(HTTP (400|408|413|429)|closed.*)$/,
    async run(target) {
      const tally = new Tally();
      const body = Buffer.from(
        `{"inputs":[{"name":"${target.inputs[0]!.name}","datatype":"INT64","shape":[1],"data":[${16 * MIB}]}]}`,
      );
      await atOnce(4, () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body }));
      return tally;
    },
  },
];
