import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GoldenExample, GoldenRequest, GoldenTensor } from './contract/golden';
import type { GoldenRun } from './inference/golden-check';
import type { TensorData, TensorHeader } from './inference/tensor';
import { decodeBinaryData } from './protocol/binary-data';
import type { InferRequest, InferRequestDecoder } from './protocol/infer-request';
import { decodeJsonData } from './protocol/json-data';

/**
 * What an example is to the runtime. Throws if its request is none.
 * @param folder Where golden.json is, and from where its files are named.
 */
export function goldenRun(example: GoldenExample, folder: string, decoder: InferRequestDecoder): GoldenRun {
  const { name, request, response, tolerance } = example;
  const outputs = response.outputs.map((output) => output.name);
  const asked = { ...request, outputs: outputs.map((output) => ({ name: output })) };
  const { inputs } = readGoldenRequest(asked, folder, decoder);
  const expected = response.outputs.map((output) => {
    const data = decodeData(output, elementsOf(output, folder));
    return { ...output, data, tolerance: { ...tolerance, ...output.tolerance } };
  });
  return { name, makeRun: () => ({ inputs: structuredClone(inputs), outputs }), expected };
}

/** Throws if it is none that the model takes. */
export function readGoldenRequest(request: GoldenRequest, folder: string, decoder: InferRequestDecoder): InferRequest {
  const inputs = request.inputs.map((input) => ({ ...input, data: elementsOf(input, folder) }));
  return decoder.read({ ...request, inputs }, undefined, decodeData);
}

function elementsOf({ data, file }: Pick<GoldenTensor, 'data' | 'file'>, folder: string): unknown {
  return file === undefined ? data : readFileSync(join(folder, file));
}

function decodeData(header: TensorHeader, data: unknown): TensorData {
  return Buffer.isBuffer(data) ? decodeBinaryData(header, data) : decodeJsonData(header, data);
}
