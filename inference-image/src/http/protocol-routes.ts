import type { FastifyInstance, FastifyReply } from 'fastify';
import { invalid } from '../base/errors';
import { booleanParameter, objectField } from '../base/fields';
import { parseJson } from '../json/json';
import { openApiText } from '../openapi/document';
import { modelConfig, modelMetadata, repositoryIndex, repositoryIsFixed, SERVER_METADATA } from '../protocol/metadata';
import { modelStatistics } from '../protocol/statistics';
import { type AnswerForm, ClassAnswers } from './answer-forms';
import type { AppOptions } from './app-options';
import { RETRY_AFTER_SECONDS } from './errors';
import type { InferEndpoint } from './infer-endpoint';
import { addRoutes, checkModel, modelPaths } from './routes';

/**
 * Adds the health routes. Live means that the process responds; ready means that it accepts traffic. Both are answered
 * immediately. Every answer has a body, because clients parse it.
 */
export function addHealthRoutes(app: FastifyInstance, { model, dataPlane }: AppOptions): void {
  const sendReady = (reply: FastifyReply, body: object) => {
    if (!dataPlane.ready) reply.code(503).header('retry-after', RETRY_AFTER_SECONDS);
    return reply.send({ ...body, ready: dataPlane.ready });
  };
  addRoutes(app, 'GET', ['/v2/health/live'], { handler: (_request, reply) => reply.send({ live: true }) });
  addRoutes(app, 'GET', ['/v2/health/ready'], { handler: (_request, reply) => sendReady(reply, {}) });
  addRoutes(app, 'GET', modelPaths('/ready'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return sendReady(reply, { name: model.name });
    },
  });
}

export function addMetadataRoutes(app: FastifyInstance, { model, tuning }: AppOptions): void {
  const metadata = modelMetadata(model);
  addRoutes(app, 'GET', ['/v2'], { handler: (_request, reply) => reply.send(SERVER_METADATA) });
  addRoutes(app, 'GET', modelPaths(''), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(metadata);
    },
  });
  addRoutes(app, 'GET', modelPaths('/config'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(modelConfig(model, tuning));
    },
  });
}

export function addStatisticsRoutes(app: FastifyInstance, { model, metrics }: AppOptions): void {
  addRoutes(app, 'GET', ['/v2/models/stats'], {
    handler: (_request, reply) => reply.send(modelStatistics(model, metrics.totals)),
  });
  addRoutes(app, 'GET', modelPaths('/stats'), {
    handler: (request, reply) => {
      checkModel(request, model);
      return reply.send(modelStatistics(model, metrics.totals));
    },
  });
}

export function addRepositoryRoutes(app: FastifyInstance, { model, dataPlane }: AppOptions): void {
  addRoutes(app, 'POST', ['/v2/repository/index'], {
    handler: ({ body }, reply) =>
      reply.send(repositoryIndex(model, dataPlane, isReadyOnly(body as Buffer | undefined))),
  });
  for (const action of ['load', 'unload'] as const) {
    addRoutes(app, 'POST', [`/v2/repository/models/:model/${action}`], {
      // Refused regardless of the body.
      onRequest: async (request) => {
        checkModel(request, model);
        throw repositoryIsFixed(action, model);
      },
      handler: () => undefined,
    });
  }
}

/** Limit on the objects and arrays in a body; `{"ready": true}` needs one. */
const MAX_OPENED = 100;

/** Reads `ready` from the body, which may be empty. */
function isReadyOnly(body: Buffer | undefined): boolean {
  if (!body?.length) return false;
  const opened = body.reduce((count, byte) => count + Number(byte === 0x7b || byte === 0x5b), 0);
  if (opened > MAX_OPENED) {
    throw invalid(`the request has ${opened} objects and arrays; it may contain only {"ready": true}`);
  }
  const request = objectField(parseJson(body.toString('utf8'), { exactIntegers: false }), 'the request');
  return booleanParameter(request, 'ready', 'request') ?? false;
}

/**
 * Adds the route of the OpenAPI document. The document is built on the first request, because most servers never
 * receive one.
 */
export function addOpenApiRoute(app: FastifyInstance, { model }: AppOptions): void {
  // All answers share one buffer, even if clients do not read them.
  let text: Buffer | undefined;
  addRoutes(app, 'GET', ['/openapi.json'], {
    handler: (_request, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send((text ??= Buffer.from(openApiText(model)))),
  });
}

/**
 * Adds inference routes for paths that need a router, such as those with percent-escapes, a trailing slash or an
 * unknown model.
 */
export function addInferRoutes(app: FastifyInstance, { model }: AppOptions, endpoint: InferEndpoint): void {
  const add = (suffix: string, form: AnswerForm) =>
    addRoutes(app, 'POST', modelPaths(suffix), {
      onRequest: (request, reply, done) => {
        checkModel(request, model);
        reply.hijack();
        endpoint.handle(request.raw, reply.raw, form);
        done();
      },
      handler: () => undefined,
    });
  add('/infer', endpoint.tensorAnswers);
  if (model.classes) add('/classify', new ClassAnswers(model, model.classes));
}

/** Paths of inference requests that need no router. */
export function inferPaths({ name, version }: AppOptions['model']): ReadonlySet<string> {
  const model = `/v2/models/${name}`;
  return new Set([`${model}/infer`, `${model}/versions/${version}/infer`]);
}
