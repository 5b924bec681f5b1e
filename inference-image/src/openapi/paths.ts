import { LIVE_SCHEMA, readySchema, repositoryIndexSchema, SERVER_METADATA_SCHEMA } from './answers';
import { type ErrorName, errorResponses, RETRY_AFTER } from './errors';
import { JSON_LENGTH, REQUEST_PARAMETERS, requestContent } from './infer-request';
import type { DescribedModel, JsonObject } from './schema';

const METADATA = { $ref: '#/components/schemas/ModelMetadata' };
const CONFIG = { $ref: '#/components/schemas/ModelConfig' };
const STATISTICS = { $ref: '#/components/schemas/Statistics' };

/** All paths of the HTTP port, with the model's name and version. */
export function paths(model: DescribedModel): JsonObject {
  const name = encodeURIComponent(model.name);
  const root = `/v2/models/${name}`;
  return {
    '/v2': { get: get('serverMetadata', 'Name, version and extensions of the server', SERVER_METADATA_SCHEMA) },
    '/v2/health/live': { get: get('serverLive', 'Whether the process responds', LIVE_SCHEMA) },
    '/v2/health/ready': { get: ready('serverReady', 'Whether the model is ready') },
    ...modelPaths(root, '', model),
    ...modelPaths(`${root}/versions/${encodeURIComponent(model.version)}`, 'OfVersion', model),
    '/v2/models/stats': {
      get: get('statistics', 'Counts and times of all models; a server has exactly one', STATISTICS),
    },
    '/v2/repository/index': { post: repositoryIndex(model) },
    [`/v2/repository/models/${name}/load`]: { post: refused('load') },
    [`/v2/repository/models/${name}/unload`]: { post: refused('unload') },
    '/openapi.json': { get: get('openApi', 'This document', { type: 'object' }) },
  };
}

function modelPaths(path: string, suffix: string, model: DescribedModel): JsonObject {
  const of = (id: string) => id + suffix;
  return {
    [path]: { get: get(of('modelMetadata'), 'Inputs and outputs', METADATA, 'NotFound') },
    [`${path}/ready`]: { get: ready(of('modelReady'), 'Whether the model is ready', model.name) },
    [`${path}/config`]: { get: get(of('modelConfig'), 'Configuration of the model', CONFIG, 'NotFound') },
    [`${path}/stats`]: { get: get(of('modelStatistics'), 'Counts and times', STATISTICS, 'NotFound') },
    [`${path}/infer`]: { post: inferOperation(of('infer'), model) },
    ...(model.classes && { [`${path}/classify`]: { post: classifyOperation(of('classify'), model) } }),
  };
}

function get(operationId: string, summary: string, schema: JsonObject, ...errors: ErrorName[]): JsonObject {
  return { operationId, summary, responses: { 200: json(summary, schema), ...errorResponses(...errors) } };
}

function ready(operationId: string, summary: string, name?: string): JsonObject {
  const errors = name === undefined ? errorResponses() : errorResponses('NotFound');
  const notReady = 'The server is starting or shutting down, or the model failed its checks.';
  return {
    operationId,
    summary,
    responses: {
      200: json('The model is ready.', readySchema(true, name)),
      ...errors,
      503: { ...json(notReady, readySchema(false, name)), headers: RETRY_AFTER },
    },
  };
}

function repositoryIndex(model: DescribedModel): JsonObject {
  const schema = {
    type: 'object',
    properties: { ready: { type: 'boolean', description: 'Whether to omit a model that is not ready.' } },
  };
  return {
    operationId: 'repositoryIndex',
    summary: 'The models of this server; there is exactly one',
    requestBody: { content: { 'application/json': { schema } } },
    responses: {
      200: json('The model and its state.', repositoryIndexSchema(model)),
      ...errorResponses('BodyTooLarge', 'UnsupportedMedia'),
    },
  };
}

/** Operation that always returns 400, because a server serves only the model in its image. */
function refused(action: string): JsonObject {
  return {
    operationId: `repositoryModel${action === 'load' ? 'Load' : 'Unload'}`,
    summary: `Always refused, because a server serves only the model in its image`,
    responses: errorResponses('NotFound'),
  };
}

function json(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}

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
