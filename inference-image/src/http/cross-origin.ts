import type { IncomingMessage, ServerResponse } from 'node:http';
import { quoted, quotedList } from '../base/cut-text';
import { ServingError } from '../base/errors';
import { JSON_LENGTH_HEADER } from './bodies';
import { isSmall } from './discard-body';
import { awaitsContinue } from './every-request';

export interface CrossOriginRules {
  /** Origins of other pages that may send requests, such as `https://shop.example.com`. */
  readonly allowedOrigins: readonly string[];
  /** Host names by which requests may address this server, without ports. @default - any */
  readonly allowedHosts?: readonly string[];
}

/** Paths of health probes, which are answered whatever their origin and host. */
const HEALTH = /^\/v2\/(?:health\/(?:live|ready)|models\/[^/?#;]+(?:\/versions\/[^/?#;]+)?\/ready)\/?(?:\?|$)/;

const METHODS = 'GET, HEAD, POST';
const REQUEST_HEADERS = ['content-type', 'content-encoding', JSON_LENGTH_HEADER, 'traceparent', 'tracestate'].join(
  ', ',
);
const RESPONSE_HEADERS = [JSON_LENGTH_HEADER, 'retry-after'].join(', ');
/** Time for which a browser may cache a preflight answer. */
const PREFLIGHT_SECONDS = '600';

/**
 * Prevents pages of other origins from using a server that only the visitor's browser can reach, such as one on the
 * visitor's own machine. Clients other than browsers do not send the headers that are checked here.
 */
export class CrossOrigin {
  private readonly origins: ReadonlySet<string>;
  private readonly hosts?: ReadonlySet<string>;

  constructor({ allowedOrigins, allowedHosts }: CrossOriginRules) {
    // As browsers write them: without a default port, and in ASCII.
    this.origins = new Set(allowedOrigins.map((origin) => new URL(origin).origin));
    this.hosts = allowedHosts && new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /** Returns the reason to refuse a request, or undefined. Sets the CORS headers if the request's origin is allowed. */
  fault(request: IncomingMessage, response: ServerResponse): ServingError | undefined {
    const { headers, url = '' } = request;
    const { origin } = headers;
    if (this.origins.size > 0) response.setHeader('vary', 'origin');
    // Clients other than browsers usually send neither of these headers.
    if (origin === undefined && this.hosts === undefined && headers['sec-fetch-site'] === undefined) return undefined;
    const { hosts } = this;
    const host = hostOf(request);
    const isKnownHost = hosts === undefined || hosts.has(nameOf(host));
    if (isKnownHost && !this.isForeign(request, host)) {
      if (origin !== undefined && this.origins.has(origin)) allow(response, origin);
      return undefined;
    }
    if (HEALTH.test(url)) return undefined;
    return isKnownHost ? originNotAllowed(origin, host) : hostNotAllowed(host, hosts);
  }

  /** Answers a preflight request without a body. @returns Whether the request was a preflight request. */
  answerPreflight(request: IncomingMessage, response: ServerResponse): boolean {
    const { method, headers } = request;
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
    if (!isSmall(request) || awaitsContinue(request)) return false;
    response
      .writeHead(204, {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': REQUEST_HEADERS,
        'access-control-max-age': PREFLIGHT_SECONDS,
      })
      .end();
    return true;
  }

  /**
   * Whether a page of another origin sent the request: https://fetch.spec.whatwg.org/#origin-header and
   * https://w3c.github.io/webappsec-fetch-metadata/
   */
  private isForeign({ headers, method }: IncomingMessage, host: string): boolean {
    const { origin, 'sec-fetch-site': site } = headers;
    if (origin === undefined) {
      return site === 'cross-site' && !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate');
    }
    if (this.origins.has(origin)) return false;
    // Only the browser itself sets Sec-Fetch-Site. It is more reliable than Host, which a proxy may have replaced.
    return site === undefined ? !isOwn(origin, host) : site !== 'same-origin' && site !== 'none';
  }
}

function allow(response: ServerResponse, origin: string): void {
  response.setHeader('access-control-allow-origin', origin);
  response.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
}

/**
 * Host that a request addresses. A complete URL in the first line, as clients send it to a proxy, overrides the Host
 * header: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2
 */
function hostOf({ url = '', headers: { host = '' } }: IncomingMessage): string {
  return /^[a-z][a-z\d+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1] ?? host;
}

/** Host name without the port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}

/**
 * Maximum length of an origin: a scheme, a host name of 253 characters and a port. Parsing a much longer string may
 * take milliseconds.
 */
const MAX_ORIGIN_LENGTH = 300;

/**
 * Whether a page was served under this server's host. The scheme may differ, because a proxy may have terminated TLS.
 */
function isOwn(origin: string, host: string): boolean {
  if (origin.length > MAX_ORIGIN_LENGTH || host.length > MAX_ORIGIN_LENGTH) return false;
  try {
    const { protocol, host: pageHost } = new URL(origin);
    return pageHost !== '' && pageHost === new URL(`${protocol}//${host}`).host;
  } catch {
    return false;
  }
}

function originNotAllowed(origin: string | undefined, host: string): ServingError {
  const sender = origin === undefined ? 'a page of another site' : `a page of origin ${quoted(origin)}`;
  const remedy = 'only the origins in the setting allowedOrigins may';
  return new ServingError('forbidden', `${sender} may not send requests to ${quoted(host)}; ${remedy}`);
}

function hostNotAllowed(host: string, allowed: ReadonlySet<string>): ServingError {
  const remedy = `the setting allowedHosts allows ${quotedList([...allowed])}`;
  return new ServingError('forbidden', `requests to ${quoted(host)} are not allowed; ${remedy}`);
}
