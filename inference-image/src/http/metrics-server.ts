import { createServer, type Server } from 'node:http';
import type { Metrics } from '../metrics/metrics';

/** Metrics on a port of their own, so that to expose the API is never to expose them. */
export function buildMetricsServer(metrics: Metrics): Server {
  return createServer((request, response) => {
    const send = (status: number, contentType: string, body: string) => {
      response.writeHead(status, { 'content-type': contentType }).end(request.method === 'HEAD' ? undefined : body);
    };
    const sendError = (status: number, error: string) => send(status, 'application/json', JSON.stringify({ error }));

    if (request.url?.split('?')[0] !== '/metrics') sendError(404, 'the path of the metrics is /metrics');
    else if (request.method !== 'GET' && request.method !== 'HEAD') sendError(405, 'use GET');
    else {
      metrics.scrape().then(
        ({ contentType, text }) => send(200, contentType, text),
        () => sendError(500, 'the metrics could not be read'),
      );
    }
  });
}
