import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { ModelManifest } from '../contract/model-manifest';
import { ServingError } from '../base/errors';
import { checkRequestedModel } from '../protocol/metadata';

type Method = 'GET' | 'POST';

/** Adds a route at each path; requests with any other method are answered with status 405. */
export function addRoutes(
  app: FastifyInstance,
  method: Method,
  paths: readonly string[],
  route: Omit<RouteOptions, 'method' | 'url'>,
): void {
  const allowed = method === 'GET' ? ['GET', 'HEAD'] : [method];
  for (const url of paths) {
    app.route({ ...route, method, url });
    app.route({
      method: app.supportedMethods.filter((other) => !allowed.includes(other)),
      url,
      // Runs before the body is read.
      onRequest: async (request, reply) => {
        reply.header('allow', allowed.join(', '));
        throw new ServingError('methodNotAllowed', `${request.method} is not allowed here; use ${method}`);
      },
      handler: () => undefined,
    });
  }
}

/** Paths of a model, with and without its version: `modelPaths('/ready')`. */
export function modelPaths(suffix: string): string[] {
  return [`/v2/models/:model${suffix}`, `/v2/models/:model/versions/:version${suffix}`];
}

/** Throws unless the path names the served model and, if given, its version. */
export function checkModel({ params }: FastifyRequest, served: ModelManifest): void {
  const { model, version } = params as { model: string; version?: string };
  checkRequestedModel(served, model, version);
}
