import type { FastifyInstance } from 'fastify';
import type { AppOptions } from './app';
import type { AnswerForm, InferEndpoint } from './infer-endpoint';
import { addRoutes, checkModel, modelPaths } from './routes';

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
  add('/infer', 'outputs');
  if (model.classes) add('/classify', 'class');
}

/** Paths of inference requests that need no router. */
export function inferPaths({ name, version }: AppOptions['model']): ReadonlySet<string> {
  const model = `/v2/models/${name}`;
  return new Set([`${model}/infer`, `${model}/versions/${version}/infer`]);
}
