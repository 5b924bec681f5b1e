import type { JsonObject } from './json';

interface ErrorResponse {
  readonly status: number;
  readonly description: string;
  readonly headers?: JsonObject;
}

/** Also sent with the response of a model that is not ready, which is not an error. */
export const RETRY_AFTER: JsonObject = {
  'Retry-After': {
    description: 'Seconds after which to come back.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
  },
};

const ALLOW: JsonObject = {
  Allow: { description: 'The methods that there are here.', required: true, schema: { type: 'string' } },
};

/** Possible errors, by the name of the response in `components.responses`. */
const ERRORS = {
  BadRequest: { status: 400, description: 'The request is wrong; sending it again cannot help.' },
  Forbidden: {
    status: 403,
    description: 'A page of another origin sent the request, or it has a name for the server that is not allowed.',
  },
  NotFound: { status: 404, description: 'This server serves another model, or another version of it.' },
  MethodNotAllowed: { status: 405, description: 'Another method was used here.', headers: ALLOW },
  RequestTimeout: { status: 408, description: 'The request was not whole in time.' },
  BodyTooLarge: {
    status: 413,
    description: 'The body, once decompressed, or the picture is larger than the server takes.',
  },
  UnsupportedMedia: {
    status: 415,
    description: 'The content encoding is not supported, or the model takes no pictures.',
  },
  QueueFull: { status: 429, description: 'The queue is full.', headers: RETRY_AFTER },
  HeadersTooLarge: { status: 431, description: 'The headers are larger than the server takes.' },
  ServerFault: { status: 500, description: 'A fault of the server; its log has more.' },
  NotServed: {
    status: 503,
    description: 'The model is not served: it is starting, was refused by its own checks, or shutting down.',
    headers: RETRY_AFTER,
  },
  WaitedTooLong: {
    status: 504,
    description: "No executor was free within the server's time limit or the request's own `timeout`.",
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

/** Responses of an operation by status: errors that any operation may return, and these. */
export function errorResponses(...names: ErrorName[]): JsonObject {
  return Object.fromEntries(
    [...EVERYWHERE, ...names].map((name) => [ERRORS[name].status, { $ref: `#/components/responses/${name}` }]),
  );
}

export const ERROR_SCHEMA: JsonObject = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string', description: 'What is wrong, what was given and what is allowed.' } },
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
