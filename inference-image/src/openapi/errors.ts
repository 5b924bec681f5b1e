import type { JsonObject } from './schema';

interface ErrorResponse {
  readonly status: number;
  readonly description: string;
  readonly headers?: JsonObject;
}

/** Header of overload errors, and of readiness responses while the model is not ready. */
export const RETRY_AFTER: JsonObject = {
  'Retry-After': {
    description: 'Seconds to wait before a retry.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
};

const ALLOW: JsonObject = {
  Allow: { description: 'The supported methods.', required: true, schema: { type: 'string' } },
};

/** Possible errors, by the name of the response in `components.responses`. */
const ERRORS = {
  BadRequest: { status: 400, description: 'The request is invalid; a retry cannot succeed.' },
  Forbidden: {
    status: 403,
    description: 'A page of another origin sent the request, or its `Host` is not allowed.',
  },
  NotFound: { status: 404, description: 'This server serves a different model, or a different version of it.' },
  MethodNotAllowed: { status: 405, description: 'The method is not supported.', headers: ALLOW },
  RequestTimeout: { status: 408, description: 'The request did not arrive completely in time.' },
  BodyTooLarge: {
    status: 413,
    description: 'The decompressed body or the picture is too large.',
  },
  UnsupportedMedia: {
    status: 415,
    description: 'The content encoding is not supported, or the model does not accept pictures.',
  },
  QueueFull: { status: 429, description: 'The queue is full.', headers: RETRY_AFTER },
  HeadersTooLarge: { status: 431, description: 'The headers are too large.' },
  ServerFault: { status: 500, description: 'A fault of the server; see its log.' },
  NotServed: {
    status: 503,
    description: 'The model is not ready: the server is starting or shutting down, or the model failed its checks.',
    headers: RETRY_AFTER,
  },
  WaitedTooLong: {
    status: 504,
    description: "No executor became free within the server's time limit or the request's own `timeout`.",
  },
} as const satisfies Record<string, ErrorResponse>;

export type ErrorName = keyof typeof ERRORS;

const EVERYWHERE: readonly ErrorName[] = [
  'BadRequest',
  'Forbidden',
  'MethodNotAllowed',
  'RequestTimeout',
  'HeadersTooLarge',
  'ServerFault',
];

/** Error responses of an operation by status: the responses that all operations have, and the named ones. */
export function errorResponses(...names: ErrorName[]): JsonObject {
  return Object.fromEntries(
    [...EVERYWHERE, ...names].map((name) => [ERRORS[name].status, { $ref: `#/components/responses/${name}` }]),
  );
}

export const ERROR_SCHEMA: JsonObject = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string', description: 'The fault, the value and the allowed values.' } },
};

/** Error responses, for `components.responses`. */
export function errorComponents(): JsonObject {
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    Object.entries<ErrorResponse>(ERRORS).map(([name, { description, headers }]) => [
      name,
      { description, headers, content },
    ]),
  );
}
