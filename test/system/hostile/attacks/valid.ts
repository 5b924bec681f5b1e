/** Load of valid requests that have the largest size. */
import { grpcMessage } from '../../../support/http2-frames';
import { again, inferPath, largest, Tally, type Attack, type Target } from '../attack';
import { gzip, MIB, numbers } from '../wire/bytes';
import { ask, JSON_TYPE, PACKED } from '../wire/http1';
import { call } from '../wire/grpc';
import { field, firstInput, inferRequest, REQUEST, shapeOf } from '../wire/protobuf';

const RIGHT = /^(HTTP (200|408|413|429)|OK|RESOURCE_EXHAUSTED|closed.*)$/;

/** Number of elements in a row. */
function rowSize({ inputs }: Target): number {
  return inputs[0]!.shape.slice(1).reduce((product, size) => product * size, 1);
}

function shape({ inputs }: Target, rows: number): number[] {
  return [rows, ...inputs[0]!.shape.slice(1)];
}

/** Bytes per number that {@link numbers} writes, including the comma. */
const TEXT_BYTES = 10;

function json(target: Target, size: number): Buffer {
  const rows = Math.max(1, Math.floor(size / TEXT_BYTES / rowSize(target)));
  const { name } = target.inputs[0]!;
  const data = numbers(rows * rowSize(target));
  return Buffer.from(
    `{"inputs":[{"name":"${name}","datatype":"FP32","shape":[${shape(target, rows)}],"data":[${data}]}]}`,
  );
}

function binary(target: Target, size: number): { body: Buffer; jsonLength: number } {
  const rows = Math.max(1, Math.floor(size / 4 / rowSize(target)));
  const bytes = 4 * rows * rowSize(target);
  const { name } = target.inputs[0]!;
  const head = Buffer.from(
    `{"inputs":[{"name":"${name}","datatype":"FP32","shape":[${shape(target, rows)}],"parameters":{"binary_data_size":${bytes}}}]}`,
  );
  return { body: Buffer.concat([head, Buffer.alloc(bytes)]), jsonLength: head.length };
}

function attack(
  name: string,
  what: string,
  clients: number,
  once: (target: Target, tally: Tally) => () => Promise<void>,
  more: Partial<Attack> = {},
): Attack {
  return {
    name,
    what,
    statuses: RIGHT,
    ...more,
    async run(target) {
      const tally = new Tally();
      await again(clients, target.seconds, once(target, tally));
      return tally;
    },
  };
}

export const valid: readonly Attack[] = [
  attack(
    'valid-json',
    'rows in JSON of the largest size, repeatedly by 4 clients',
    4,
    (target, tally) => {
      const body = json(target, largest(target));
      return () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body });
    },
    { short: true },
  ),
  attack(
    'valid-json-in-gzip',
    'rows in JSON of the largest size in gzip, repeatedly by 4 clients',
    4,
    (target, tally) => {
      const body = gzip(json(target, largest(target)));
      return () => ask(target, tally, { path: inferPath(target), headers: PACKED, body });
    },
  ),
  attack(
    'valid-binary',
    'rows as binary data of the largest size, repeatedly by 4 clients',
    4,
    (target, tally) => {
      const { body, jsonLength } = binary(target, largest(target) - 1000);
      const headers = { 'inference-header-content-length': String(jsonLength) };
      return () => ask(target, tally, { path: inferPath(target), headers, body });
    },
    { short: true },
  ),
  attack(
    'valid-grpc',
    'rows over gRPC of the largest size, repeatedly by 4 clients',
    4,
    (target, tally) => {
      const rows = Math.floor((largest(target) - 1000) / 4 / rowSize(target));
      const input = firstInput(target, shapeOf(...shape(target, rows)));
      const body = grpcMessage(
        inferRequest(target, input, field(REQUEST.raw, Buffer.alloc(4 * rows * rowSize(target)))),
      );
      return () => call(target, tally, body);
    },
    { short: true },
  ),
  attack('valid-json-of-4-mib', 'rows in JSON of 4 MiB, repeatedly by 16 clients', 16, (target, tally) => {
    const body = json(target, 4 * MIB);
    return () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body });
  }),
  attack('valid-json-below-a-mib', 'rows in JSON of nearly 1 MiB, repeatedly by 8 clients', 8, (target, tally) => {
    const body = json(target, MIB - 2000);
    return () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body });
  }),
  attack(
    'valid-of-three-inputs',
    'all inputs of a model that has three, in JSON, repeatedly by 4 clients',
    4,
    (target, tally) => {
      const rows = Math.floor(largest(target) / 3 / TEXT_BYTES / 4);
      const data = numbers(rows * 4);
      const inputs = target.inputs.map(
        ({ name }) => `{"name":"${name}","datatype":"FP32","shape":[${rows},4],"data":[${data}]}`,
      );
      const body = Buffer.from(`{"inputs":[${inputs}]}`);
      return () => ask(target, tally, { path: inferPath(target), headers: JSON_TYPE, body });
    },
    { model: 'several' },
  ),
];
