import { exampleRequest } from './example';
import { inferRequestSchema } from './infer-request';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';

export const JSON_LENGTH = 'Inference-Header-Content-Length';

const BINARY_REQUEST =
  "JSON as for `application/json`, except that an input may have `parameters.binary_data_size` instead of `data`. The bytes of those inputs follow in the order of the inputs: little-endian, row-major, each string preceded by its length as a four-byte integer. If the header is 0, the body contains only the bytes of the model's single input.";

export const REQUEST_PARAMETERS = [
  {
    name: JSON_LENGTH,
    in: 'header',
    description:
      'Number of bytes of JSON at the beginning of the body. If it is set, the body may contain binary data, whatever its content type is.',
    schema: { type: 'integer', minimum: 0 },
  },
  {
    name: 'traceparent',
    in: 'header',
    description:
      "The client's span (https://www.w3.org/TR/trace-context/), which log lines about this request contain. An invalid value is ignored.",
    schema: { type: 'string' },
  },
];

/** Media types that only models with a picture input accept. */
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
