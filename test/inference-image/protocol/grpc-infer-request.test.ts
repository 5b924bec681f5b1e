import * as fc from 'fast-check';
import { DATATYPES } from '../../../inference-image/src/contract/constants';
import { type Datatype, elementCount } from '../../../inference-image/src/contract/signature';
import type { Tensor } from '../../../inference-image/src/tensor/tensor';
import { encodeBinaryData } from '../../../inference-image/src/protocol/binary-data';
import { MemoryBudget } from '../../../inference-image/src/budget/memory-budget';
import { GrpcInferRequestDecoder } from '../../../inference-image/src/protocol/grpc-infer-request';
import { GrpcInferResponseEncoder } from '../../../inference-image/src/protocol/grpc-infer-response';
import { finish } from '../../../inference-image/src/base/sliced-work';
import { GrpcClient, PROTO_ROOT } from '../../support/grpc-client';
import { ELEM_OF, node, value } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';
import { dataOf, shapes } from './arbitraries';

const REQUEST = PROTO_ROOT.lookupType('inference.ModelInferRequest');
const RESPONSE = PROTO_ROOT.lookupType('inference.ModelInferResponse');
const STREAM_RESPONSE = PROTO_ROOT.lookupType('inference.ModelStreamInferResponse');

const FIELDS: Partial<Record<Datatype, string>> = {
  BOOL: 'bool_contents',
  UINT64: 'uint64_contents',
  INT64: 'int64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

function tensorsOf(datatype: Datatype, shape: fc.Arbitrary<number[]>): fc.Arbitrary<Tensor> {
  return shape.chain((shape) =>
    dataOf(datatype, elementCount(shape)).map((data) => ({ name: 'x', datatype, shape, data })),
  );
}

/** A request with the tensor as typed `contents` or as raw bytes. */
function requestOf({ name, datatype, shape, data }: Tensor, form: 'typed' | 'raw') {
  const raw = {
    inputs: [{ name, datatype, shape }],
    raw_input_contents: [encodeBinaryData({ name, datatype, shape, data })],
  };
  if (form === 'raw' || datatype === 'FP16') return raw;
  const field = FIELDS[datatype] ?? (datatype.startsWith('U') ? 'uint_contents' : 'int_contents');
  const values = Array.from(data as Iterable<unknown>, (element) => {
    if (datatype === 'BOOL') return element === 1;
    if (typeof element === 'bigint') return String(element);
    return typeof element === 'string' ? Buffer.from(element) : element;
  });
  return { inputs: [{ name, datatype, shape, contents: { [field]: values } }] };
}

describe.each(['raw', 'typed'] as const)('%s', (form) => {
  test.each(DATATYPES)('%s makes the round trip, bit for bit', (datatype) => {
    fc.assert(
      fc.property(tensorsOf(datatype, shapes), (tensor) => {
        const dimensions = tensor.shape.map((_, axis) => `d${axis}`);
        const signature = {
          inputs: [{ name: 'x', datatype, dimensions }],
          outputs: [{ name: 'y', datatype, dimensions }],
        };
        const decoder = new GrpcInferRequestDecoder(signature);
        const holding = new MemoryBudget(2 ** 30).open();
        const bytes = Buffer.from(REQUEST.encode(REQUEST.fromObject({ ...requestOf(tensor, form), id: 'i' })).finish());
        const request = finish(decoder.decode(decoder.read(bytes), holding));
        const output = { ...(request.inputs[0] as Tensor), name: 'y' };
        const encoder = new GrpcInferResponseEncoder({ name: 'm', version: '1', signature });
        const frame = finish(encoder.encode(request.id, [output], 'response', holding));
        expect([frame[0], frame.readUInt32BE(1)]).toEqual([0, frame.length - 5]);
        const reply: any = RESPONSE.decode(frame.subarray(5));
        expect([reply.model_name, reply.model_version, reply.id]).toEqual(['m', '1', 'i']);
        expect([reply.outputs[0].name, reply.outputs[0].datatype]).toEqual(['y', datatype]);
        expect(reply.outputs[0].shape.map(Number)).toEqual(tensor.shape);
        const streamed: any = STREAM_RESPONSE.decode(
          finish(encoder.encode(request.id, [output], 'streamResponse', holding)).subarray(5),
        );
        expect(streamed.infer_response.toJSON()).toEqual(reply.toJSON());
        expect(encodeBinaryData(tensor).equals(reply.raw_output_contents[0])).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

// FP16 has no typed contents.
test.each([
  ['raw', DATATYPES],
  ['typed', DATATYPES.filter((datatype) => datatype !== 'FP16')],
] as const)('every datatype makes the round trip through a server, %s', async (form, datatypes) => {
  const values = (name: string) =>
    datatypes.map((datatype) => value(`${name}_${datatype}`, ELEM_OF[datatype], [`n_${datatype}`, `k_${datatype}`]));
  const nodes = datatypes.map((datatype) => node('Identity', [`x_${datatype}`], [`y_${datatype}`]));
  const server = await ServerProcess.start({ inputs: values('x'), outputs: values('y'), nodes });
  const client = new GrpcClient(server.grpcTarget);
  const shape = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }));
  await fc.assert(
    fc.asyncProperty(fc.tuple(...datatypes.map((datatype) => tensorsOf(datatype, shape))), async (tensors) => {
      const requests = tensors.map((tensor) => requestOf({ ...tensor, name: `x_${tensor.datatype}` }, form));
      const reply = await client.call('ModelInfer', {
        model_name: 'm',
        inputs: requests.flatMap(({ inputs }): object[] => inputs),
        raw_input_contents: requests.flatMap((request) =>
          'raw_input_contents' in request ? request.raw_input_contents : [],
        ),
      });
      expect(reply.outputs).toMatchObject(
        tensors.map(({ datatype, shape }) => ({ name: `y_${datatype}`, datatype, shape })),
      );
      tensors.forEach((tensor, index) =>
        expect(encodeBinaryData(tensor).equals(reply.raw_output_contents[index])).toBe(true),
      );
    }),
    { numRuns: 50 },
  );
});

test.each([
  ['numbers', 'UINT8' as const, () => new Uint8Array(20 * 2 ** 20).fill(7)],
  ['strings', 'BYTES' as const, () => new Array<string>(100_000).fill('many words')],
])('many %s are written in slices, with the same result', (_, datatype, make) => {
  const data = make();
  const signature = { inputs: [], outputs: [{ name: 'y', datatype, dimensions: ['n'] }] };
  const encoder = new GrpcInferResponseEncoder({ name: 'm', version: '1', signature });
  const output: Tensor = { name: 'y', datatype, shape: [data.length], data };
  const work = encoder.encode(undefined, [output], 'response', new MemoryBudget(2 ** 30).open());
  let slices = 1;
  let step = work.next();
  for (; !step.done; step = work.next()) slices++;
  expect(slices).toBeGreaterThan(4);
  const reply: any = RESPONSE.decode(step.value.subarray(5));
  expect(reply.raw_output_contents[0].equals(encodeBinaryData(output))).toBe(true);
});
