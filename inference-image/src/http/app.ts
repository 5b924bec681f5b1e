import { fastify, type FastifyInstance } from 'fastify';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { MemoryBudget } from '../budget/memory-budget';
import type { Codec } from '../codec/codec';
import { ServingError } from '../errors';
import type { ImageReader } from '../image/image-reader';
import type { DataPlane } from '../inference/data-plane';
import type { Log } from '../log';
import type { Metrics } from '../metrics/metrics';
import type { ModelManifest } from '../contract/model-manifest';
import type { ModelTuning } from '../protocol/model-config';
import { traceFields } from '../trace-context';
import { acceptBodies } from './bodies';
import { sendError, toServingError } from './errors';
import { addHealthRoutes } from './health-routes';
import { InferEndpoint } from './infer-endpoint';
import { addInferRoutes, inferPaths } from './infer-routes';
import { addMetadataRoutes } from './metadata-routes';
import { addOpenApiRoute } from './openapi-route';
import { addPageRoutes, type Page } from './page-routes';
import { addRepositoryRoutes } from './repository-routes';
import { addStatisticsRoutes } from './statistics-routes';

/** Longer than the idle time of common load balancers (60 s), so that they close connections and not we. */
const KEEP_ALIVE_MS = 75_000;
const REQUEST_MS = 300_000;

/** No route has a JSON schema, so Fastify need not load the compilers for them; the bundle leaves them out. */
const NO_SCHEMAS = { buildValidator: noSchema, buildSerializer: noSchema };

function noSchema(): never {
  throw new Error('routes of this server have no schemas');
}

export interface AppOptions {
  readonly model: ModelManifest;
  /** Read at each request: some of it is known only once the model is warm. */
  readonly tuning: ModelTuning;
  readonly codec: Codec;
  /** For a model that takes pictures as they are. */
  readonly images?: ImageReader;
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly maxRequestBytes: number;
  readonly budget: MemoryBudget;
  /** What people see at `/`; nothing is there without it. */
  readonly page?: Page;
}

/** The Open Inference Protocol over HTTP: transport only, it neither reads tensors nor runs models. */
export function buildApp(options: AppOptions): FastifyInstance {
  const endpoint = new InferEndpoint(options);
  const app = fastify({
    bodyLimit: options.maxRequestBytes,
    serverFactory: (handler) => {
      const timeouts = { requestTimeout: REQUEST_MS, headersTimeout: KEEP_ALIVE_MS + 1000 };
      return createServer({ keepAliveTimeout: KEEP_ALIVE_MS, ...timeouts }, shortcut(options, endpoint, handler));
    },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1000 },
    exposeHeadRoutes: true,
    schemaController: { compilersFactory: NO_SCHEMAS },
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, _request, reply) => {
      sendError(reply, new ServingError('invalid', error.message));
    },
  });
  app.setErrorHandler((error, request, reply) => sendError(reply, toServingError(error, options, request)));
  // Before the body is read.
  app.addHook('onRequest', ({ is404, url }, _reply, done) => {
    done(is404 ? new ServingError('notFound', `no such path: ${url}`) : undefined);
  });
  if (options.log.isLevelEnabled('debug')) logRequests(app, options.log);
  acceptBodies(app, options.maxRequestBytes);
  addHealthRoutes(app, options);
  addMetadataRoutes(app, options);
  addStatisticsRoutes(app, options);
  addRepositoryRoutes(app, options);
  addInferRoutes(app, options, endpoint);
  addOpenApiRoute(app, options);
  if (options.page) addPageRoutes(app, options.page);
  return app;
}

/** Lets most inference requests go round the router, unless the log wants to know of each request. */
function shortcut({ model, log }: AppOptions, endpoint: InferEndpoint, handler: RequestListener): RequestListener {
  if (log.isLevelEnabled('debug')) return handler;
  const paths = inferPaths(model);
  return (request, response) => {
    if (request.method === 'POST' && paths.has(request.url as string)) endpoint.handle(request, response);
    else handler(request, response);
  };
}

function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async ({ method, url, headers }, reply) => {
    const trace = traceFields(headers.traceparent);
    log.debug({ method, url, status: reply.statusCode, seconds: reply.elapsedTime / 1000, ...trace }, 'request');
  });
}

const MALFORMED: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** What is not HTTP at all never reaches a route. */
function answerMalformed(this: FastifyInstance<Server>, error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  // Replies that are being worked on come first: in the place of one, this one would be taken for it.
  const { _httpMessage: reply } = socket as { _httpMessage?: ServerResponse };
  if (reply?.req.complete) return void reply.once('close', () => answerMalformed.call(this, error, socket));
  // The request of this one will never be whole.
  if (reply?.headersSent) return void socket.destroy();
  const status = MALFORMED[error.code ?? ''] ?? '400 Bad Request';
  const body = JSON.stringify({ error: `malformed HTTP request: ${error.message}` });
  const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`);
}
