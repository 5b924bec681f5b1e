import { exampleRequest } from './example';
import { inferRequestSchema } from './infer-request';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';

export const JSON_LENGTH = 'Inference-Header-Content-Length';

const BINARY_REQUEST =
  "JSON as for `application/json`, but that an input may have `parameters.binary_data_size` in place of `data`; then the bytes of those inputs, in the order of the inputs: little-endian, row-major, and a text after its length in four bytes. Where the header is 0 the body is the bytes of the model's one input, without JSON.";

export const REQUEST_PARAMETERS = [
  {
    name: JSON_LENGTH,
    in: 'header',
    description:
      'Bytes of JSON at the beginning of the body. Where it is there, the body may hold binary data, whatever its content type says.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: 'traceparent',
    in: 'header',
    description:
      "The client's span (https://www.w3.org/TR/trace-context/); lines of the log that are about this request have it. One that is not valid counts as none.",
    schema: { type: 'string' },
  },
];

/** For models that accept pictures. */
const PICTURE_CONTENT: JsonObject = { 'image/png': {}, 'image/jpeg': {} };

/** Media types of a request: tensors in JSON or with binary data, and pictures if the model accepts them. */
export function requestContent({ signature, image: picture }: DescribedModel): JsonObject {
  const json = inferRequestSchema(signature) && {
    schema: { $ref: '#/components/schemas/InferRequest' },
    ...exampleOf(signature),
  };
  return {
    ...(json && { 'application/json': json }),
    'application/octet-stream': { schema: { description: BINARY_REQUEST } },
    ...(picture && PICTURE_CONTENT),
  };
}

function exampleOf({ inputs }: DescribedModel['signature']): JsonObject {
  const value = exampleRequest(inputs);
  return value ? { examples: { valid: { summary: 'A valid request', value } } } : {};
}
