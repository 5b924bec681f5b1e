import type { TrialRequest } from '../contract/trial';
import type { Signature } from '../contract/signature';
import type { Tensor } from '../tensor/tensor';
import { encodeBinaryData } from '../protocol/binary-data';
import { encodeJsonData } from '../json/json-data';

/**
 * Encodes a request with the given inputs for all outputs: as JSON, or as binary data if a tensor is FP16, which has no
 * JSON form.
 */
export function trialRequest({ inputs, outputs }: Signature, tensors: readonly Tensor[]): TrialRequest {
  const isBinary = [...inputs, ...outputs].some(({ datatype }) => datatype === 'FP16');
  return isBinary ? binaryRequest(tensors) : jsonRequest(tensors);
}

function jsonRequest(tensors: readonly Tensor[]): TrialRequest {
  const inputs = tensors.map((tensor) => `{${header(tensor)},"data":${encodeJsonData(tensor)}}`);
  return { headers: { 'content-type': 'application/json' }, body: Buffer.from(`{"inputs":[${inputs.join(',')}]}`) };
}

function binaryRequest(tensors: readonly Tensor[]): TrialRequest {
  const blobs = tensors.map(encodeBinaryData);
  const inputs = tensors.map((tensor, i) => {
    return `{${header(tensor)},"parameters":{"binary_data_size":${blobs[i]?.length}}}`;
  });
  const json = Buffer.from(`{"inputs":[${inputs.join(',')}],"parameters":{"binary_data_output":true}}`);
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(json.length),
  };
  return { headers, body: Buffer.concat([json, ...blobs]) };
}

function header({ name, datatype, shape }: Tensor): string {
  return `"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape.join(',')}]`;
}
