import type { FastifyInstance } from 'fastify';
import { openApiText } from '../openapi/document';
import type { AppOptions } from './app';
import { addRoutes } from './routes';

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
