import type { FastifyInstance } from 'fastify';
import { addRoutes } from './routes';

/** The page at `/`. */
export interface Page {
  readonly html: string;
  readonly contentSecurityPolicy: string;
  /** Returns the golden examples as JSON. Called on the first request for them. */
  readonly examples: () => string;
}

/** https://fetch.spec.whatwg.org/#x-content-type-options-header */
const HEADERS = { 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' };

/**
 * Adds the routes of the page. Its links are relative, because an Ingress may serve the page below a different path.
 */
export function addPageRoutes(app: FastifyInstance, { html, contentSecurityPolicy, examples }: Page): void {
  // All answers share these buffers, even if clients do not read them.
  const page = Buffer.from(html);
  let examplesJson: Buffer | undefined;
  addRoutes(app, 'GET', ['/'], {
    handler: (_request, reply) =>
      reply
        .headers({
          ...HEADERS,
          'content-security-policy': contentSecurityPolicy,
          'content-type': 'text/html; charset=utf-8',
          'referrer-policy': 'no-referrer',
        })
        .send(page),
  });
  addRoutes(app, 'GET', ['/page/examples.json'], {
    handler: (_request, reply) =>
      reply
        .headers({ ...HEADERS, 'content-type': 'application/json; charset=utf-8' })
        .send((examplesJson ??= Buffer.from(examples()))),
  });
}
