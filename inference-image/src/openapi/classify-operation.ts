import { errorResponses } from './errors';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';
import { JSON_LENGTH, REQUEST_PARAMETERS, requestContent } from './request-content';

/** The operation `POST …/classify`. */
export function classifyOperation(operationId: string, model: DescribedModel): JsonObject {
  const what = model.image ? 'a PNG or JPEG picture, or a request of one row' : 'a request of one row';
  return {
    operationId,
    summary: `Classifies ${what}`,
    parameters: REQUEST_PARAMETERS,
    requestBody: {
      required: true,
      description: model.image
        ? `A picture or an inference request. The server distinguishes them by the first bytes of the body and ignores the content type. The header ${JSON_LENGTH} declares the body to be a request; do not send it with a picture.`
        : undefined,
      content: requestContent(model),
    },
    responses: {
      200: {
        description: 'The most likely class, and the best five classes.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/ClassAnswer' } } },
      },
      ...errorResponses('NotFound', 'BodyTooLarge', 'UnsupportedMedia', 'QueueFull', 'NotServed', 'WaitedTooLong'),
    },
  };
}

export function classAnswerSchema({ name, version, classes }: DescribedModel): JsonObject {
  const chosen = {
    // A model that returns labels may return a label that is not among the names.
    class: classes?.names && classes.kind !== 'label' ? { enum: [...classes.names] } : { type: 'string' },
    index: { type: 'integer', minimum: 0 },
    score: { anyOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] },
  };
  return {
    type: 'object',
    required: ['model_name', 'model_version', 'class', 'classes'],
    properties: {
      model_name: { const: name },
      model_version: { const: version },
      ...chosen,
      classes: {
        type: 'array',
        minItems: 1,
        maxItems: 5,
        items: { type: 'object', required: ['class'], properties: chosen },
      },
    },
  };
}
