import { errorResponses } from './errors';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';
import { JSON_LENGTH, REQUEST_PARAMETERS, requestContent } from './request-content';

const REQUEST =
  'Tensors in JSON, or JSON followed by the binary data of those inputs that have a `binary_data_size`, with the ' +
  `header ${JSON_LENGTH}. May be compressed with gzip or deflate (\`Content-Encoding\`), and so may the response ` +
  '(`Accept-Encoding`).';

const BINARY_ANSWER =
  'JSON, and then the bytes of those outputs that have `parameters.binary_data_size`, in the order of the outputs.';

/** Schema of opaque bytes, which JSON Schema cannot describe. */
const BYTES: JsonObject = {};

/** The operation `POST …/infer`. */
export function inferOperation(operationId: string, model: DescribedModel): JsonObject {
  return {
    operationId,
    summary: 'Runs the model on tensors',
    parameters: REQUEST_PARAMETERS,
    requestBody: {
      required: true,
      description: REQUEST,
      content: requestContent(model),
    },
    responses: {
      200: {
        description: `The outputs. As \`application/octet-stream\`: ${BINARY_ANSWER}`,
        headers: {
          [JSON_LENGTH]: {
            description: 'Number of bytes of JSON at the beginning of the body, if binary data follows.',
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
