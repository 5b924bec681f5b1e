import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly at: number;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

type Reply = (response: ServerResponse, request: SeenRequest) => void;

/** Server that records requests and answers them with the given replies in order, and then with the last reply. */
export class FakeServer {
  readonly requests: SeenRequest[] = [];
  url = '';
  private readonly server: Server;

  private constructor(private readonly replies: Reply[]) {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  static async start(...replies: Reply[]): Promise<FakeServer> {
    const fake = new FakeServer(replies);
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    fake.url = `http://127.0.0.1:${(fake.server.address() as AddressInfo).port}`;
    running.add(fake);
    return fake;
  }

  stop(): void {
    running.delete(this);
    this.server.close();
    this.server.closeAllConnections();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const seen = { at, url: request.url!, headers: request.headers, body: Buffer.concat(chunks) };
    const reply = this.replies[Math.min(this.requests.length, this.replies.length - 1)]!;
    this.requests.push(seen);
    reply(response, seen);
  }
}

const running = new Set<FakeServer>();

afterEach(() => {
  for (const server of running) server.stop();
});

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export const refuse = (status: number, headers: Record<string, string> = {}) => json(status, { error: 'no' }, headers);

/** Ends the connection without an answer. */
export const hangUp: Reply = (response) => void response.socket?.destroy();

export const halfAnAnswer: Reply = (response) => {
  response.writeHead(200, { 'content-length': 1000 });
  response.write('{', () => response.socket?.destroy());
};

export const silence: Reply = () => undefined;
