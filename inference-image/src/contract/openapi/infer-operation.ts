import { errorResponses } from './errors';
import { exampleRequest } from './example';
import { inferRequestSchema } from './infer-request';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';
import { PICTURE_CONTENT } from './picture';

const JSON_LENGTH = 'Inference-Header-Content-Length';

const REQUEST =
  'Tensors in JSON; or JSON followed by the binary data of those inputs that have a `binary_data_size`, with the ' +
  `header ${JSON_LENGTH}. May be compressed with gzip or deflate (\`Content-Encoding\`), and so may the answer ` +
  '(`Accept-Encoding`).';

const BINARY_REQUEST =
  "JSON as for `application/json`, but that an input may have `parameters.binary_data_size` in place of `data`; then the bytes of those inputs, in the order of the inputs: little-endian, row-major, and a text after its length in four bytes. Where the header is 0 the body is the bytes of the model's one input, without JSON.";

const BINARY_ANSWER =
  'JSON, and then the bytes of those outputs that have `parameters.binary_data_size`, in the order of the outputs.';

const PARAMETERS = [
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

/** Opaque bytes: JSON Schema has no words for what is in them. */
const BYTES: JsonObject = {};

/** `POST …/infer` */
export function inferOperation(operationId: string, { signature, image }: DescribedModel): JsonObject {
  return {
    operationId,
    summary: 'Tensors in, tensors out',
    parameters: PARAMETERS,
    requestBody: {
      required: true,
      description: REQUEST,
      content: { ...requestContent(signature), ...(image && PICTURE_CONTENT) },
    },
    responses: {
      200: {
        description: `The outputs. As \`application/octet-stream\`: ${BINARY_ANSWER}`,
        headers: {
          [JSON_LENGTH]: {
            description: 'Bytes of JSON at the beginning of the body, where binary data follows.',
            schema: { type: 'integer', minimum: 1 },
          },
        },
        content: {
          'application/json': { schema: { $ref: '#/components/schemas/InferResponse' } },
          'application/octet-stream': BYTES,
        },
      },
      ...errorResponses('NotFound', 'BodyTooLarge', 'UnsupportedMedia', 'QueueFull', 'NotServed', 'WaitedTooLong'),
    },
  };
}

function requestContent(signature: DescribedModel['signature']): JsonObject {
  const binary = { 'application/octet-stream': { schema: { description: BINARY_REQUEST } } };
  if (!inferRequestSchema(signature)) return binary;
  return {
    'application/json': {
      schema: { $ref: '#/components/schemas/InferRequest' },
      ...exampleOf(signature),
    },
    ...binary,
  };
}

function exampleOf({ inputs }: DescribedModel['signature']): JsonObject {
  const value = exampleRequest(inputs);
  return value ? { examples: { valid: { summary: 'A valid request', value } } } : {};
}
