import { Field, Root, Type } from 'protobufjs';
import type { ServingModel } from './serving-models';

export const MODEL_INFER = '/inference.GRPCInferenceService/ModelInfer';

/** Parts of `inference.ModelInferRequest` of the Open Inference Protocol that a raw request needs. */
const tensor = new Type('InferInputTensor')
  .add(new Field('name', 1, 'string'))
  .add(new Field('datatype', 2, 'string'))
  .add(new Field('shape', 3, 'int64', 'repeated'));
const request = new Type('ModelInferRequest')
  .add(new Field('modelName', 1, 'string'))
  .add(new Field('inputs', 5, 'InferInputTensor', 'repeated'))
  .add(new Field('rawInputContents', 7, 'bytes', 'repeated'));
new Root().define('inference').add(tensor).add(request);

export function rawRequest({ name, shape, values }: ServingModel): Uint8Array {
  const inputs = [{ name: 'input', datatype: 'FP32', shape }];
  const rawInputContents = [Buffer.from(Float32Array.from(values).buffer)];
  return request.encode(request.create({ modelName: name, inputs, rawInputContents })).finish();
}
