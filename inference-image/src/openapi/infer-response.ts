import { type TensorSignature, tensorText } from '../contract/signature';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';
import { dataDescription, dataSchema, shapeSchema } from './tensor-schemas';

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
