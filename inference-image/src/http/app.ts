import type { AppOptions } from './app-options';
import { fastify, type FastifyInstance } from 'fastify';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { cut } from '../base/cut-text';
import { ServingError } from '../base/errors';
import type { Log } from '../base/log';
import { traceFields } from './trace-context';
import { limitAnswers } from './answers';
import { acceptBodies } from './bodies';
import { discardBody, isSmall } from './discard-body';
import { errorBody, errorReply, refuse, sendError, toServingError } from './errors';
import { CrossOrigin } from './cross-origin';
import { EVERY_REQUEST, headFault, routeEveryRequest, sendContinue } from './every-request';
import {
  addHealthRoutes,
  addInferRoutes,
  addMetadataRoutes,
  addOpenApiRoute,
  addRepositoryRoutes,
  addStatisticsRoutes,
  inferPaths,
} from './protocol-routes';
import { InferEndpoint } from './infer-endpoint';
import { addPageRoutes } from './page-routes';

/** Maximum interval between checks for requests that exceed their time limit. */
const MAX_CHECKING_MS = 5000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Length to which a path is cut in messages. */
const ECHOED_CHARACTERS = 100;

/** No route has a JSON schema, so Fastify does not need the schema compilers; the bundle omits them. */
const NO_SCHEMAS = { buildValidator: noSchema, buildSerializer: noSchema };

function noSchema(): never {
  throw new Error('routes of this server have no schemas');
}

/**
 * Builds the HTTP server of the Open Inference Protocol. It is only the transport: other modules decode requests and
 * run the model.
 */
export function buildApp(options: AppOptions): FastifyInstance {
  const endpoint = new InferEndpoint(options);
  const app = fastify({
    serverFactory: (handler) => createHttpServer(options, bypassRouter(options, endpoint, handler)),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1000 },
    exposeHeadRoutes: true,
    schemaController: { compilersFactory: NO_SCHEMAS },
    clientErrorHandler: (error, socket) => answerMalformed(error, socket, options),
    frameworkErrors: ({ code, message }, { url }, reply) => {
      const badPath = () =>
        `the path is not percent-encoded UTF-8: ${cut(url, ECHOED_CHARACTERS)}; write a percent sign as %25`;
      sendError(reply, new ServingError('invalid', code === 'FST_ERR_BAD_URL' ? badPath() : message));
    },
  });
  app.setErrorHandler((error, request, reply) => sendError(reply, toServingError(error, options, request)));
  // Runs before the body is read.
  app.addHook('onRequest', ({ is404, url, method, raw }, _reply, done) => {
    // Only handlers of POST requests read a body.
    if (method !== 'POST') {
      sendContinue(raw);
      if (!isSmall(raw)) discardBody(raw);
    }
    done(is404 ? new ServingError('notFound', `no such path: ${cut(url, ECHOED_CHARACTERS)}`) : undefined);
  });
  if (options.log.isLevelEnabled('debug')) logRequests(app, options.log);
  acceptBodies(app, options.budget, options.inflater);
  limitAnswers(app, options);
  addHealthRoutes(app, options);
  addMetadataRoutes(app, options);
  addStatisticsRoutes(app, options);
  addRepositoryRoutes(app, options);
  addInferRoutes(app, options, endpoint);
  addOpenApiRoute(app, options);
  if (options.page) addPageRoutes(app, options.page);
  return app;
}

function createHttpServer(
  { receiveTimeoutSeconds, idleTimeoutSeconds }: AppOptions,
  listener: RequestListener,
): Server {
  const receiveMs = Math.ceil(receiveTimeoutSeconds * 1000);
  const server = createServer(
    {
      keepAliveTimeout: idleTimeoutSeconds * 1000,
      requestTimeout: receiveMs,
      headersTimeout: receiveMs,
      connectionsCheckingInterval: Math.min(MAX_CHECKING_MS, Math.ceil(receiveMs / 4)),
      maxHeaderSize: MAX_HEADER_BYTES,
      ...EVERY_REQUEST,
    },
    listener,
  );
  routeEveryRequest(server);
  return server;
}

/**
 * Passes most inference requests to the endpoint directly, without Fastify's router, unless the log records every
 * request.
 */
function bypassRouter(options: AppOptions, endpoint: InferEndpoint, handler: RequestListener): RequestListener {
  const { model, log, metrics } = options;
  const crossOrigin = new CrossOrigin(options);
  const paths = log.isLevelEnabled('debug') ? new Set<string>() : inferPaths(model);
  return (request, response) => {
    // Pipelined requests may already have been parsed when their connection closes.
    if (request.socket.destroyed) return;
    const fault = headFault(request);
    if (fault) return refuseAndClose(request, response, fault);
    const originFault = crossOrigin.fault(request, response);
    if (originFault) {
      metrics.observeRefusal('origin');
      return refuse(request, response, errorReply(originFault));
    }
    if (request.method === 'POST' && paths.has(request.url as string)) endpoint.handle(request, response);
    else if (!crossOrigin.answerPreflight(request, response)) handler(request, response);
  };
}

function refuseAndClose(request: IncomingMessage, response: ServerResponse, fault: ServingError): void {
  const { headers, ...reply } = errorReply(fault);
  refuse(request, response, { ...reply, headers: { ...headers, connection: 'close' } });
}

function logRequests(app: FastifyInstance, log: Log): void {
  app.addHook('onResponse', async ({ method, url, headers }, reply) => {
    const trace = traceFields(headers.traceparent);
    log.debug(
      {
        method,
        url: cut(url, ECHOED_CHARACTERS),
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1000,
        ...trace,
      },
      'request',
    );
  });
}

const TIMEOUT = 'ERR_HTTP_REQUEST_TIMEOUT';

const MALFORMED: Readonly<Record<string, string>> = {
  [TIMEOUT]: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Answers a malformed or incomplete request, which reaches no route. */
function answerMalformed(error: Error & { code?: string }, socket: Duplex, options: AppOptions): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  // Replies in progress are sent first; otherwise the client would take this answer for one of them.
  const { _httpMessage: reply } = socket as { _httpMessage?: ServerResponse };
  if (reply?.req.complete) return answerAfter(reply, error, socket, options);
  if (error.code === TIMEOUT) options.metrics.observeDrop('unfinished');
  // The request of this reply will never be complete.
  if (reply?.headersSent) return void socket.destroy();
  const status = MALFORMED[error.code ?? ''] ?? '400 Bad Request';
  const body = errorBody(faultOf(error, options));
  const headers = `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  // Closes the connection even if the client keeps sending or does not read.
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}

const waiting = new WeakSet<Duplex>();

/**
 * Answers after the reply in progress, once for each connection. Stops reading, because node:http would otherwise
 * report an error for each further chunk, and the error keeps its chunk in memory.
 */
function answerAfter(
  reply: ServerResponse,
  { message, code }: Error & { code?: string },
  socket: Duplex,
  options: AppOptions,
): void {
  socket.pause();
  // The socket may already be waiting: reading an earlier request's body may have resumed it.
  if (waiting.has(socket)) return;
  waiting.add(socket);
  // Creates a new error, because the original one keeps its chunk in memory.
  const error = Object.assign(new Error(message), { code });
  reply.once('close', () => {
    waiting.delete(socket);
    answerMalformed(error, socket, options);
  });
}

function faultOf({ code, message }: Error & { code?: string }, { receiveTimeoutSeconds }: AppOptions): string {
  if (code !== TIMEOUT) return `malformed HTTP request: ${message}`;
  return `the request was incomplete after ${receiveTimeoutSeconds} s (receiveTimeoutSeconds); send it faster, or raise that setting`;
}
