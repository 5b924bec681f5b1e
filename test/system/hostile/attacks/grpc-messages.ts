/** Attacks with protobuf messages of which a few bytes make a decoder allocate much memory. */
import { grpcMessage, varint } from '../../../support/http2-frames';
import { again, atOnce, largest, Tally, type Attack, type Target } from '../attack';
import { filled, gzip, MIB } from '../wire/bytes';
import { call, INFER, packedMessage, SERVICE } from '../wire/grpc';
import { CONTENTS, field, firstInput, inferRequest, INPUT, REQUEST, shapeOf, tag } from '../wire/protobuf';

type Make = (target: Target, size: number) => Buffer;

/**
 * Sends requests of the largest size from four clients at once. Then eight clients repeatedly send requests of less
 * than 1 MiB.
 */
async function send(target: Target, make: Make, path: string): Promise<Tally> {
  const tally = new Tally();
  const whole = packedMessage(make(target, largest(target)));
  const small = packedMessage(make(target, MIB - 1000));
  await atOnce(4, () => call(target, tally, whole, path));
  await again(8, target.seconds / 2, () => call(target, tally, small, path));
  return tally;
}

const REFUSED = /^(INVALID_ARGUMENT|RESOURCE_EXHAUSTED|NOT_FOUND|closed.*)$/;

function attack(name: string, what: string, make: Make, more: Partial<Attack> & { path?: string } = {}): Attack {
  const { path = INFER, ...rest } = more;
  return { name: `grpc-${name}`, what, statuses: REFUSED, ...rest, run: (target) => send(target, make, path) };
}

/** Request whose first input has the given contents. */
function contents(target: Target, content: Buffer): Buffer {
  return inferRequest(target, firstInput(target, shapeOf(1), field(INPUT.contents, content)));
}

/** Request full of elements of one kind of contents. */
function elements(kind: keyof typeof CONTENTS, packed: boolean, wireType: number, element: Buffer): Make {
  const number = CONTENTS[kind];
  return (target, size) =>
    contents(
      target,
      packed
        ? field(number, filled(size - 200, element))
        : filled(size - 200, Buffer.concat([tag(number, wireType), element])),
    );
}

const BYTE = Buffer.of(1);
const PARAMETER = (number: number) => field(number, '');

export const grpcMessages: readonly Attack[] = [
  attack(
    'empty-inputs',
    'as many inputs of two bytes as fit',
    (target, size) => inferRequest(target, filled(size, field(REQUEST.inputs, ''))),
    { short: true },
  ),
  attack('empty-outputs', 'as many requested outputs of two bytes as fit', (target, size) =>
    inferRequest(target, filled(size, field(REQUEST.outputs, ''))),
  ),
  attack('empty-raw-contents', 'as many raw_input_contents of two bytes as fit', (target, size) =>
    inferRequest(target, filled(size, field(REQUEST.raw, ''))),
  ),
  attack('empty-parameters', 'as many parameters of the request as fit, two bytes each', (target, size) =>
    inferRequest(target, filled(size, PARAMETER(REQUEST.parameters))),
  ),
  attack('input-parameters', 'as many parameters of an input as fit, two bytes each', (target, size) =>
    inferRequest(target, firstInput(target, shapeOf(1), filled(size - 200, PARAMETER(INPUT.parameters)))),
  ),
  attack(
    'distinct-parameters',
    'parameters whose names differ',
    (target, size) => {
      const entry = field(REQUEST.parameters, field(1, '00000000'));
      const bytes = filled(size - 200, entry);
      for (let at = 0, i = 0; at < bytes.length; at += entry.length) {
        bytes.write((i++).toString(36).padStart(8, '0'), at + entry.length - 8, 'latin1');
      }
      return inferRequest(target, bytes);
    },
    { short: true },
  ),
  attack(
    'empty-texts',
    'bytes_contents of two bytes each',
    (target, size) => contents(target, filled(size - 200, field(CONTENTS.bytes, ''))),
    { short: true },
  ),
  attack(
    'empty-texts-for-a-text-model',
    'bytes_contents of two bytes each, to a model with a BYTES input',
    (target, size) => contents(target, filled(size - 200, field(CONTENTS.bytes, ''))),
    { model: 'text' },
  ),
  attack('packed-int', 'packed int_contents, a byte each', elements('int', true, 2, BYTE)),
  attack('packed-bool', 'packed bool_contents', elements('bool', true, 2, BYTE)),
  attack('packed-int64', 'packed int64_contents, a byte each', elements('int64', true, 2, BYTE), { short: true }),
  attack(
    'packed-uint64-long',
    'packed uint64_contents of ten bytes each',
    elements('uint64', true, 2, Buffer.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1)),
  ),
  attack('packed-fp64', 'packed fp64_contents', elements('fp64', true, 2, Buffer.alloc(8, 1))),
  attack(
    'packed-fp32',
    'packed fp32_contents, more than the shape allows',
    elements('fp32', true, 2, Buffer.alloc(4, 1)),
  ),
  attack('unpacked-int', 'int_contents with a tag each', elements('int', false, 0, BYTE)),
  attack('unpacked-uint', 'uint_contents with a tag each', elements('uint', false, 0, BYTE)),
  attack('unpacked-int64', 'int64_contents with a tag each', elements('int64', false, 0, BYTE)),
  attack('unpacked-fp32', 'fp32_contents with a tag each', elements('fp32', false, 5, Buffer.alloc(4))),
  attack('packed-in-pieces', 'packed fp32_contents in pieces of one element', (target, size) =>
    contents(target, filled(size - 200, field(CONTENTS.fp32, Buffer.alloc(4)))),
  ),
  attack('empty-packed-pieces', 'packed fp32_contents in empty pieces', (target, size) =>
    contents(target, filled(size - 200, field(CONTENTS.fp32, ''))),
  ),
  attack(
    'huge-rank',
    'a shape with as many sizes as fit',
    (target, size) => inferRequest(target, firstInput(target, filled(size - 200, BYTE))),
    { short: true },
  ),
  attack('huge-rank-unpacked', 'a shape whose sizes have a tag each', (target, size) =>
    inferRequest(
      target,
      field(
        REQUEST.inputs,
        Buffer.concat([
          field(INPUT.name, target.inputs[0]!.name),
          filled(size - 200, Buffer.concat([tag(INPUT.shape, 0), BYTE])),
        ]),
      ),
    ),
  ),
  attack('many-contents', 'repeated contents of an input, which are merged', (target, size) =>
    inferRequest(target, firstInput(target, shapeOf(1), filled(size - 200, field(INPUT.contents, '')))),
  ),
  attack('many-names', 'repeated names of an input', (target, size) =>
    inferRequest(target, firstInput(target, shapeOf(1), filled(size - 200, field(INPUT.name, 'a')))),
  ),
  attack(
    'long-model-name',
    "a model's name as long as the message",
    (_target, size) => field(REQUEST.name, filled(size, 'é')),
    { short: true },
  ),
  attack('long-input-name', "an input's name as long as the message", (target, size) =>
    inferRequest(target, field(REQUEST.inputs, field(INPUT.name, filled(size - 200, '\\')))),
  ),
  attack('long-id', "a request's id as long as the message", (target, size) =>
    inferRequest(target, field(REQUEST.id, filled(size - 200, 'i'))),
  ),
  attack('unknown-fields', 'fields that the message does not have', (target, size) =>
    inferRequest(target, filled(size - 200, Buffer.concat([tag(99, 0), BYTE]))),
  ),
  attack('groups', 'groups nested in groups, as deep as fits', (target, size) =>
    inferRequest(target, filled(size - 200, tag(99, 3))),
  ),
  attack('groups-closed', 'as many empty groups as fit', (target, size) =>
    inferRequest(target, filled(size - 200, Buffer.concat([tag(99, 3), tag(99, 4)]))),
  ),
  attack('lengths-that-lie', 'an input whose length exceeds the message', (target, size) =>
    inferRequest(target, tag(REQUEST.inputs, 2), varint(2 ** 31 - 1), filled(size - 200, field(INPUT.name, ''))),
  ),
  attack('endless-varints', 'varints that are not terminated', (target, size) =>
    inferRequest(target, tag(REQUEST.inputs, 0), Buffer.alloc(size - 200, 0xff)),
  ),
  attack('zeros', 'zeros, which are tags of an invalid field', (_target, size) => Buffer.alloc(size)),
  attack(
    'metadata-name',
    'a name as long as the message, for ModelMetadata',
    (_target, size) => field(1, filled(size, 'é')),
    { path: `${SERVICE}/ModelMetadata` },
  ),
  attack('repository-index', 'a large message for RepositoryIndex', (_target, size) => field(1, filled(size, 'é')), {
    path: `${SERVICE}/RepositoryIndex`,
  }),
  attack(
    'health-service',
    'a service as long as the message, for Check',
    (_target, size) => field(1, filled(size, 'é')),
    { path: '/grpc.health.v1.Health/Check' },
  ),
  {
    name: 'grpc-gzip-bomb',
    what: '600 MB of zeros in gzip, and gzip of gzip, eight at once',
    statuses: REFUSED,
    short: true,
    async run(target) {
      const tally = new Tally();
      const packed = gzip(Buffer.alloc(600e6));
      await atOnce(8, (index) => call(target, tally, grpcMessage(index % 2 ? gzip(packed) : packed, { flag: 1 })));
      return tally;
    },
  },
  {
    name: 'grpc-empty-inputs-of-62-mib',
    what: '62 MiB of inputs of two bytes each, in gzip',
    statuses: REFUSED,
    async run(target) {
      const tally = new Tally();
      const body = packedMessage(inferRequest(target, filled(62 * MIB, field(REQUEST.inputs, ''))));
      await atOnce(4, () => call(target, tally, body));
      return tally;
    },
  },
];
