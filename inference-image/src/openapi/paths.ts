import { LIVE_SCHEMA, readySchema, repositoryIndexSchema, SERVER_METADATA_SCHEMA } from './answers';
import { classifyOperation } from './classify-operation';
import { errorResponses, type ErrorName, RETRY_AFTER } from './errors';
import { inferOperation } from './infer-operation';
import type { JsonObject } from './json';
import type { DescribedModel } from './model';

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
