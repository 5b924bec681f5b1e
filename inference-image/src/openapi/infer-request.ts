import { type Datatype, elementCount, type Signature, type TensorSignature, tensorText } from '../contract/signature';
import type { DescribedModel, Json, JsonObject } from './schema';
import { dataDescription, dataSchema, shapeSchema } from './tensor-schemas';

const PARAMETER: JsonObject = { type: ['string', 'number', 'boolean'] };
const COUNT: JsonObject = { type: 'integer', minimum: 0 };

/** Schema of a request in plain JSON; undefined if an input of the model has no JSON form. */
export function inferRequestSchema({ inputs, outputs }: Signature): JsonObject | undefined {
  if (inputs.some(isBinaryOnly)) return undefined;
  return {
    type: 'object',
    required: ['inputs'],
    properties: {
      id: { type: ['string', 'null'], description: 'Returned in the response.' },
      parameters: requestParameters(),
      inputs: inputsSchema(inputs),
      outputs: requestedOutputs(outputs),
    },
    ...(outputs.some(isBinaryOnly) && { anyOf: asksForBinary(outputs) }),
  };
}

/** Whether a tensor can be sent only as binary data, because FP16 has no JSON form in the protocol. */
function isBinaryOnly({ datatype }: TensorSignature): boolean {
  return datatype === 'FP16';
}

function requestParameters(): JsonObject {
  return {
    type: ['object', 'null'],
    description: 'Unknown parameters are ignored.',
    properties: {
      timeout: {
        ...COUNT,
        description: "Microseconds within which the run must begin; 0 means the server's own limit.",
      },
      priority: { ...COUNT, description: 'Has no effect: requests run in order of arrival.' },
      binary_data_output: { type: 'boolean', description: 'Whether outputs are returned as binary data.' },
    },
    additionalProperties: PARAMETER,
  };
}

/** Schema of the inputs: each input once, in any order. */
function inputsSchema(inputs: readonly TensorSignature[]): JsonObject {
  const { length } = inputs;
  const schemas = inputs.map(inputSchema);
  return {
    type: 'array',
    description: `Each input once${length > 1 ? ', in any order; dimensions with the same name have the same size' : ''}.`,
    minItems: length,
    maxItems: length,
    items: length > 1 ? { anyOf: schemas } : schemas[0],
    ...(length > 1 && { allOf: inputs.map(({ name }) => ({ contains: named(name) })) }),
  };
}

function inputSchema(input: TensorSignature): JsonObject {
  return {
    title: input.name,
    description: [tensorText(input), dataDescription(input)].filter(Boolean).join('. '),
    type: 'object',
    required: ['name', 'datatype', 'shape', 'data'],
    properties: {
      name: { const: input.name },
      datatype: { const: input.datatype },
      shape: shapeSchema(input),
      data: dataSchema(input, 'request'),
      parameters: {
        type: ['object', 'null'],
        // Plain JSON cannot contain binary data, and shared memory is not supported.
        properties: { binary_data_size: false, shared_memory_region: false },
        additionalProperties: PARAMETER,
      },
    },
  };
}

function requestedOutputs(outputs: readonly TensorSignature[]): JsonObject {
  const { length } = outputs;
  const [json, binary] = [false, true].map((only) => outputs.filter((output) => isBinaryOnly(output) === only));
  const schemas = [
    ...(json!.length > 0 ? [outputSchema(json!, { type: 'boolean' })] : []),
    ...(binary!.length > 0 ? [outputSchema(binary!, { const: true })] : []),
  ];
  return {
    type: ['array', 'null'],
    description: 'The outputs to return, each at most once, in this order; all outputs if the list is empty.',
    maxItems: length,
    items: schemas.length > 1 ? { anyOf: schemas } : schemas[0],
    ...(length > 1 && {
      allOf: outputs.map(({ name }) => ({ contains: named(name), minContains: 0, maxContains: 1 })),
    }),
  };
}

function outputSchema(outputs: readonly TensorSignature[], binaryData: JsonObject): JsonObject {
  return {
    type: 'object',
    required: ['name'],
    properties: {
      name: { enum: outputs.map(({ name }) => name) },
      parameters: {
        type: ['object', 'null'],
        properties: {
          binary_data: { ...binaryData, description: 'Whether the output is returned as binary data.' },
          classification: false,
          shared_memory_region: false,
        },
        additionalProperties: PARAMETER,
      },
    },
  };
}

/** Schemas that require a request either to ask for outputs without a JSON form as binary data or to omit them. */
function asksForBinary(outputs: readonly TensorSignature[]): JsonObject[] {
  const binary = outputs.filter(isBinaryOnly).map(({ name }) => name);
  const isTrue = (name: string): JsonObject => ({
    type: 'object',
    required: [name],
    properties: { [name]: { const: true } },
  });
  const asked: JsonObject = { required: ['parameters'], properties: { parameters: isTrue('binary_data') } };
  return [
    { required: ['parameters'], properties: { parameters: isTrue('binary_data_output') } },
    {
      required: ['outputs'],
      properties: {
        outputs: { type: 'array', minItems: 1, items: { if: { properties: { name: { enum: binary } } }, then: asked } },
      },
    },
  ];
}

function named(name: string): JsonObject {
  return { type: 'object', required: ['name'], properties: { name: { const: name } } };
}

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

/** Maximum total number of elements in all inputs; with more elements, the document would be mostly zeros. */
const MAX_ELEMENTS = 10_000;

const ELEMENT: Partial<Record<Datatype, Json>> = { BOOL: false, BYTES: 'text' };

/** A valid request in which every free dimension has size 1; undefined if it would have too many elements. */
export function exampleRequest(inputs: readonly TensorSignature[]): JsonObject | undefined {
  const shapes = inputs.map(({ dimensions }) => dimensions.map((size) => (typeof size === 'number' ? size : 1)));
  const counts = shapes.map(elementCount);
  if (counts.reduce((total, count) => total + count, 0) > MAX_ELEMENTS) return undefined;
  return {
    inputs: inputs.map(({ name, datatype }, i) => ({
      name,
      datatype,
      shape: shapes[i]!,
      data: new Array<Json>(counts[i]!).fill(ELEMENT[datatype] ?? 0),
    })),
  };
}
