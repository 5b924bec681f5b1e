import { type TensorSignature, tensorText, wireShape } from '../contract/signature';
import type { DescribedModel, Json, JsonObject } from './schema';
import { dataDescription, dataSchema, shapeSchema } from './tensor-schemas';

/** Response schemas of the routes other than inference. */
export const SERVER_METADATA_SCHEMA = object({
  name: { type: 'string' },
  version: { type: 'string' },
  extensions: { type: 'array', items: { type: 'string' } },
});

export const LIVE_SCHEMA = object({ live: { const: true } });

export function readySchema(ready: boolean, name?: string): JsonObject {
  return object({ ...(name !== undefined && { name: { const: name } }), ready: { const: ready } });
}

export function modelMetadataSchema(model: DescribedModel): JsonObject {
  const { name, version, signature, properties } = model;
  const { inputs, outputs } = signature;
  const described = (tensor: TensorSignature): Json => ({
    name: tensor.name,
    datatype: tensor.datatype,
    shape: wireShape(tensor),
  });
  return object({
    name: { const: name },
    versions: { const: [version] },
    platform: { type: 'string' },
    inputs: { const: inputs.map(described), description: 'A dimension that is not fixed is -1.' },
    outputs: { const: outputs.map(described) },
    ...(properties && { properties: { const: properties, description: "The model's card." } }),
  });
}

export function modelConfigSchema({ name, signature: { inputs, outputs } }: DescribedModel): JsonObject {
  const tensors = (signatures: readonly TensorSignature[]): JsonObject => ({
    type: 'array',
    minItems: signatures.length,
    maxItems: signatures.length,
    items: object({
      name: { enum: signatures.map((signature) => signature.name) },
      data_type: { type: 'string' },
      dims: { type: 'array', items: { type: 'integer', minimum: -1 } },
    }),
  });
  const { required, ...schema } = object({
    name: { const: name },
    platform: { type: 'string' },
    backend: { type: 'string' },
    max_batch_size: {
      ...COUNT,
      description:
        'Maximum rows of a shared run; 0 if requests share no runs, or if rows are not on the first axis of every tensor.',
    },
    input: tensors(inputs),
    output: tensors(outputs),
    instance_group: { type: 'array', items: object({ name: TEXT, kind: TEXT, count: COUNT }) },
    dynamic_batching: object({ max_queue_delay_microseconds: COUNT }),
    parameters: {
      ...object({ row_independence: PARAMETER, max_shared_rows: PARAMETER }),
      additionalProperties: PARAMETER,
      description:
        'row_independence: the verdict about the rows of a batch; with row_independence_node, row_independence_operator and row_independence_reason if independence is not proved. max_shared_rows: maximum rows of a shared run; 1 if requests share no runs.',
    },
  });
  return { ...schema, required: (required as string[]).filter((field) => field !== 'dynamic_batching') };
}

export function statisticsSchema({ name, version }: DescribedModel): JsonObject {
  const duration = { $ref: '#/components/schemas/Duration' };
  const stages = (...names: string[]) => object(Object.fromEntries(names.map((stage) => [stage, duration])));
  const compute = ['compute_input', 'compute_infer', 'compute_output'];
  const batch = stages(...compute);
  return object({
    model_stats: {
      type: 'array',
      items: object({
        name: { const: name },
        version: { const: version },
        last_inference: { ...COUNT, description: 'Milliseconds since 1970; 0 before the first request.' },
        inference_count: { ...COUNT, description: 'Rows.' },
        execution_count: { ...COUNT, description: 'Runs.' },
        inference_stats: stages('success', 'fail', 'queue', ...compute, 'cache_hit', 'cache_miss'),
        batch_stats: {
          type: 'array',
          items: object({ batch_size: COUNT, ...(batch.properties as JsonObject) }),
        },
      }),
    },
  });
}

export const DURATION_SCHEMA = object({ count: { type: 'integer', minimum: 0 }, ns: { type: 'integer', minimum: 0 } });

export function repositoryIndexSchema({ name, version }: DescribedModel): JsonObject {
  return {
    type: 'array',
    maxItems: 1,
    items: object({
      name: { const: name },
      version: { const: version },
      state: { enum: ['READY', 'UNAVAILABLE'] },
      reason: TEXT,
    }),
  };
}

const TEXT: JsonObject = { type: 'string' };
const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const PARAMETER: JsonObject = { type: 'object', required: ['string_value'], properties: { string_value: TEXT } };

/** Schema of an object whose properties are all required. */
function object(properties: JsonObject): JsonObject {
  return { type: 'object', required: Object.keys(properties), properties };
}

/** Schema of a response in plain JSON. */
export function inferResponseSchema({ name, version, signature: { outputs } }: DescribedModel): JsonObject {
  const schemas = outputs.map(outputSchema);
  return {
    type: 'object',
    required: ['model_name', 'model_version', 'outputs'],
    properties: {
      model_name: { const: name },
      model_version: { const: version },
      id: { type: 'string', description: 'The `id` of the request.' },
      outputs: {
        type: 'array',
        description: 'In the order of the request.',
        minItems: 1,
        maxItems: outputs.length,
        items: schemas.length > 1 ? { anyOf: schemas } : schemas[0],
      },
    },
  };
}

function outputSchema(output: TensorSignature): JsonObject {
  return {
    title: output.name,
    description: [tensorText(output), dataDescription(output)].filter(Boolean).join('. '),
    type: 'object',
    required: ['name', 'datatype', 'shape'],
    properties: {
      name: { const: output.name },
      datatype: { const: output.datatype },
      shape: shapeSchema(output),
      ...(output.datatype !== 'FP16' && { data: dataSchema(output, 'response') }),
      parameters: {
        type: 'object',
        description: 'Replaces `data` if binary data was requested and the output has no elements.',
        required: ['binary_data_size'],
        properties: { binary_data_size: { const: 0 } },
      },
    },
    oneOf: [{ required: ['data'] }, { required: ['parameters'] }],
  };
}
