import type { IncomingMessage, ServerResponse } from 'node:http';
import { quoted, quotedList } from '../cut-text';
import { ServingError } from '../errors';
import { JSON_LENGTH_HEADER } from './bodies';
import { isSmall } from './errors';
import { withholdsBody } from './every-request';

export interface CrossOriginRules {
  /** Origins of other pages that may send requests, such as `https://shop.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Names that requests may have for this server, without ports. @default - any */
  readonly allowedHosts?: readonly string[];
}

/** Probes, which are answered to whoever asks. */
const HEALTH = /^\/v2\/(?:health\/(?:live|ready)|models\/[^/?#;]+(?:\/versions\/[^/?#;]+)?\/ready)\/?(?:\?|$)/;

const METHODS = 'GET, HEAD, POST';
const REQUEST_HEADERS = ['content-type', 'content-encoding', JSON_LENGTH_HEADER, 'traceparent', 'tracestate'].join(
  ', ',
);
const RESPONSE_HEADERS = [JSON_LENGTH_HEADER, 'retry-after'].join(', ');
/** How long a browser may remember what it was told. */
const PREFLIGHT_SECONDS = '600';

/**
 * Keeps pages of other origins from using a server that only their visitor's browser reaches, such as one on the
 * visitor's own machine. Clients other than browsers send none of these headers.
 */
export class CrossOrigin {
  private readonly origins: ReadonlySet<string>;
  private readonly hosts?: ReadonlySet<string>;

  constructor({ allowedOrigins, allowedHosts }: CrossOriginRules) {
    this.origins = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
    this.hosts = allowedHosts && new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /** Why a request is refused. Where its origin is an allowed one, its answer gets the headers that say so. */
  fault({ headers, method, url = '' }: IncomingMessage, response: ServerResponse): ServingError | undefined {
    const { origin, host = '' } = headers;
    if (this.origins.size > 0) response.setHeader('vary', 'origin');
    // As clients other than browsers send it.
    if (origin === undefined && this.hosts === undefined && headers['sec-fetch-site'] === undefined) return undefined;
    const { hosts } = this;
    const isKnownHost = hosts === undefined || hosts.has(nameOf(host));
    if (isKnownHost && !this.isForeign(headers, method)) {
      if (origin !== undefined && this.origins.has(origin)) allow(response, origin);
      return undefined;
    }
    if (HEALTH.test(url)) return undefined;
    return isKnownHost ? originNotAllowed(origin, host) : hostNotAllowed(host, hosts);
  }

  /** Answers a request that asks whether another may be sent, and has no body. @returns Whether it was one. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, headers } = request;
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
    if (!isSmall(request) || withholdsBody(request)) return false;
    response
      .writeHead(204, {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': PREFLIGHT_SECONDS,
      })
      .end();
    return true;
  }

  /** https://fetch.spec.whatwg.org/#origin-header and https://w3c.github.io/webappsec-fetch-metadata/ */
  private isForeign(headers: IncomingMessage['headers'], method: string | undefined): boolean {
    const { origin, host, 'sec-fetch-site': site } = headers;
    if (origin === undefined) {
      return site === 'cross-site' && !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate');
    }
    // Only the browser itself writes this one. A proxy may have put another host in the place of the page's.
    if (this.origins.has(origin)) return false;
    return site === undefined ? !isOwn(origin, host) : site !== 'same-origin' && site !== 'none';
  }
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
}

/** Without the port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

/** Of a scheme, a name of 253 characters and a port. To parse a longer text may take milliseconds. */
const MAX_ORIGIN_LENGTH = 300;

/** Whether the page comes from here, whatever stands in front of the server ends TLS. */
function isOwn(origin: string, host = ''): boolean {
  if (origin.length > MAX_ORIGIN_LENGTH || host.length > MAX_ORIGIN_LENGTH) return false;
  try {
    const { protocol, host: ofPage } = new URL(origin);
    return ofPage !== '' && ofPage === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function originNotAllowed(origin: string | undefined, host: string): ServingError {
  const sender = origin === undefined ? 'a page of another site' : `a page of origin ${quoted(origin)}`;
  const remedy = 'the setting allowedOrigins names others that may';
  return new ServingError('forbidden', `${sender} may not send requests to ${quoted(host)}; ${remedy}`);
}

function hostNotAllowed(host: string, allowed: ReadonlySet<string>): ServingError {
  const remedy = `the setting allowedHosts has the names that are: ${quotedList([...allowed])}`;
  return new ServingError('forbidden', `requests to ${quoted(host)} are not allowed; ${remedy}`);
}
