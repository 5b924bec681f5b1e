import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Starts a proxy that rewrites paths as an Ingress can: `${path}/x` becomes `/x` at the target. */
export async function belowPath(path: string, target: string): Promise<{ url: string; close: () => void }> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url = '' } = incoming;
    if (!url.startsWith(path)) return void outgoing.writeHead(404).end('not of this server');
    const rest = url.slice(path.length) || '/';
    const passed = request(target + rest, { method, headers }, (reply) => {
      outgoing.writeHead(reply.statusCode!, reply.headers);
      reply.pipe(outgoing);
    });
    incoming.pipe(passed);
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`,
    close: () => void proxy.close().closeAllConnections(),
  };
}
