import type { FastifyInstance } from 'fastify';
import { openApiText } from '../contract/openapi/document';
import type { AppOptions } from './app';
import { addRoutes } from './routes';

/** Built by the first who asks: few servers are ever asked. */
export function addOpenApiRoute(app: FastifyInstance, { model }: AppOptions): void {
  // A buffer, which all answers share, also those that are not read.
  let text: Buffer | undefined;
  addRoutes(app, 'GET', ['/openapi.json'], {
    handler: (_request, reply) =>
      reply.header('content-type', 'application/json; charset=utf-8').send((text ??= Buffer.from(openApiText(model)))),
  });
}
