import { createServer, type Server } from 'node:http';
import type { Metrics } from '../metrics/metrics';
import { isSmall } from './discard-body';
import { EVERY_REQUEST, headFault, routeEveryRequest } from './every-request';

/**
 * Time without any progress after which a scraper is disconnected, whether it is sending its request or reading the
 * answer.
 */
const SILENT_MS = 30_000;
const REQUEST_MS = 10_000;

/** Serves metrics on a separate port, so that exposing the API does not expose the metrics. */
export function buildMetricsServer(metrics: Metrics): Server {
  const scrape = sharedScrape(metrics);
  const timeouts = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, connectionsCheckingInterval: 5000 };
  const server = createServer({ ...timeouts, ...EVERY_REQUEST }, (request, response) => {
    if (request.socket.destroyed) return;
    const send = (status: number, contentType: string, body: string | Buffer) => {
      response.writeHead(status, { 'content-type': contentType }).end(request.method === 'HEAD' ? undefined : body);
    };
    const sendError = (status: number, error: string) => send(status, 'application/json', JSON.stringify({ error }));

    const fault = headFault(request);
    if (fault) {
      response.setHeader('connection', 'close');
      return sendError(400, fault.message);
    }
    // The connection cannot be reused, because bodies are not read.
    if (!isSmall(request)) response.setHeader('connection', 'close');
    if (request.url?.split('?')[0] !== '/metrics') sendError(404, 'no such path; metrics are at /metrics');
    else if (request.method !== 'GET' && request.method !== 'HEAD') sendError(405, 'use GET');
    else {
      scrape().then(
        ({ contentType, text }) => send(200, contentType, text),
        () => sendError(500, 'the metrics could not be read'),
      );
    }
  });
  routeEveryRequest(server);
  server.setTimeout(SILENT_MS);
  return server;
}

/** Returns a function that scrapes the metrics; all calls in one turn of the event loop share a scrape. */
function sharedScrape(metrics: Metrics) {
  const scrape = async () => {
    try {
      const { contentType, text } = await metrics.scrape();
      return { contentType, text: Buffer.from(text) };
    } finally {
      setImmediate(() => (scraping = undefined));
    }
  };
  let scraping: ReturnType<typeof scrape> | undefined;
  return () => (scraping ??= scrape());
}
