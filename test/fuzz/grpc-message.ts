import { join } from 'node:path';
import { Root } from 'protobufjs';
import { ROOT } from '../support/root';
import type { FuzzModel } from './models';

const PROTOS = join(ROOT, 'inference-image/src/grpc/protos');
const FILES = ['open_inference', 'health', 'reflection'].map((name) => join(PROTOS, `${name}.proto`));

export const PROTO_ROOT = new Root().loadSync(FILES, { keepCase: true }).resolveAll();

const REQUEST = PROTO_ROOT.lookupType('inference.ModelInferRequest');
const RESPONSE = PROTO_ROOT.lookupType('inference.ModelInferResponse');

export const INFER = '/inference.GRPCInferenceService/ModelInfer';

/** Valid ModelInferRequest, as an object. */
export function inferRequest({ inputs }: FuzzModel): any {
  return {
    model_name: 'm',
    id: 'a',
    inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: [...shape], parameters: {} })),
    raw_input_contents: inputs.map(({ bytes }) => bytes),
  };
}

export function encodeInfer(request: object): Buffer {
  return Buffer.from(REQUEST.encode(REQUEST.fromObject(request)).finish());
}

/** Bytes of the first output in the body of a response. */
export function decodeInfer(body: Buffer): Buffer {
  const { raw_output_contents } = RESPONSE.decode(body.subarray(5)) as any;
  return raw_output_contents[0];
}
