import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import { invalid, ServingError } from '../../base/errors';
import { describe } from '../../base/fields';
import type { Status } from './status';

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests */
const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/** Supported compressions of messages. */
export const ENCODINGS = ['identity', 'deflate', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const COMMON_HEADERS: OutgoingHttpHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ENCODINGS.join(','),
};

/** The headers of an answer that has a message. */
export const ANSWER_HEADERS: OutgoingHttpHeaders = Object.freeze(COMMON_HEADERS);

/** Trailers of a successful call. */
export const OK_TRAILERS: OutgoingHttpHeaders = Object.freeze({ 'grpc-status': '0' });

/** Delay before automatic retries: https://github.com/grpc/proposal/blob/master/A6-client-retries.md#pushback */
const PUSHBACK_MS = '1000';

/** HTTP status for a request that is not gRPC; undefined for gRPC requests. */
export function httpRefusal(headers: IncomingHttpHeaders): number | undefined {
  const { ':method': method, 'content-type': type } = headers;
  if (method !== 'POST') return 405;
  return type !== undefined && /^application\/grpc(?:[+;]|$)/.test(type) ? undefined : 415;
}

/** `grpc-timeout` in milliseconds; undefined if absent. */
export function timeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['grpc-timeout'];
  if (value === undefined) return undefined;
  const match = /^(\d{1,8})([HMSmun])$/.exec(String(value));
  if (!match)
    throw invalid(
      `grpc-timeout is ${describe(value)}; it must be up to 8 digits and one of the units H, M, S, m, u, n`,
    );
  return Number(match[1]) * (UNIT_MS[match[2] as string] as number);
}

/** Trailers of a call that failed after its headers were sent. */
export function statusTrailers({ code, details, isOverload }: Status): OutgoingHttpHeaders {
  return {
    'grpc-status': String(code),
    'grpc-message': encodeURI(details),
    ...(isOverload && { 'grpc-retry-pushback-ms': PUSHBACK_MS }),
  };
}

/** Headers of a call that failed before its headers were sent; they include the status. */
export function statusHeaders(status: Status): OutgoingHttpHeaders {
  return { ...COMMON_HEADERS, ...statusTrailers(status) };
}

/** Checks the compression of a message. @throws ServingError `unsupportedMedia` */
export function checkEncoding(encoding: unknown): void {
  if (encoding !== 'identity' && ENCODINGS.includes(encoding as Encoding)) return;
  throw new ServingError(
    'unsupportedMedia',
    `the message is compressed, but grpc-encoding is ${describe(encoding)}; it must be one of ${ENCODINGS.slice(1).join(', ')}`,
  );
}
