import { once } from 'node:events';
import { connect, constants, type ClientHttp2Session, type OutgoingHttpHeaders, type SessionOptions } from 'node:http2';
import { createServer, connect as connectSocket, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inflater } from '../../inference-image/src/budget/inflater';
import { MemoryBudget } from '../../inference-image/src/budget/memory-budget';
import type { Method } from '../../inference-image/src/grpc/transport/method';
import { Transport, type TransportOptions } from '../../inference-image/src/grpc/transport/transport';
import { FRAME, frame } from './http2-frames';
import type { Log } from '../../inference-image/src/base/log';

/** Result of a call: the contents of its answers, and its status. */
export interface Outcome {
  readonly messages: Buffer[];
  /** gRPC status; undefined if the stream was reset before it received one. */
  readonly code?: number;
  readonly details?: string;
  readonly headers: Record<string, unknown>;
  /** HTTP/2 error code with which the stream ended. */
  readonly reset: number;
}

const opened: Array<() => Promise<void> | void> = [];

/** Transport with the methods of a test, on a free port. */
export class TestTransport {
  readonly budget: MemoryBudget;
  readonly transport: Transport;
  private readonly listener = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    this.sockets.add(socket.once('close', () => this.sockets.delete(socket)));
    this.transport.accept(socket);
  });
  /** Reasons why clients were disconnected. */
  readonly drops: string[] = [];
  /** Open sockets of the server. */
  readonly sockets = new Set<Socket>();

  constructor(
    methods: Array<Partial<Method> & Pick<Method, 'path' | 'handle'>>,
    options: Partial<TransportOptions> = {},
  ) {
    this.budget = options.budget ?? new MemoryBudget(32 * 1024 * 1024);
    this.transport = new Transport({
      methods: methods.map((method) => ({ maxMessageBytes: 64 * 1024, ...method })),
      budget: this.budget,
      inflater: new Inflater(),
      metrics: { observeDrop: (reason) => void this.drops.push(reason) },
      log: { error: (...line: unknown[]) => void console.error(...line) } as unknown as Log,
      receiveTimeoutSeconds: 60,
      sendTimeoutSeconds: 60,
      maxConnectionAgeSeconds: 300,
      ...options,
    });
  }

  async listen(): Promise<this> {
    await once(this.listener.listen(0, '127.0.0.1'), 'listening');
    opened.push(async () => {
      for (const socket of this.sockets) socket.destroy();
      this.listener.close();
      await once(this.listener, 'close');
    });
    return this;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  dial(options: SessionOptions = {}): ClientHttp2Session {
    const session = connect(`http://127.0.0.1:${this.port}`, options).on('error', () => undefined);
    opened.push(() => session.destroy());
    return session;
  }

  /** Opens a raw connection, and sends the preface and empty settings. */
  async dialRaw(): Promise<Socket> {
    const socket = connectSocket(this.port, '127.0.0.1').on('error', () => undefined);
    opened.push(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame(FRAME.settings, 0, 0));
    return socket;
  }

  /** Waits until there are no calls and no memory is held. If that never happens, the test exceeds its time limit. */
  async isFree(): Promise<void> {
    while (this.budget.heldBytes !== 0 || this.callCount > 0) await sleep(10);
  }

  private get callCount(): number {
    return (this.transport as unknown as { context: { calls: Set<unknown> } }).context.calls.size;
  }
}

export function open(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}) {
  return session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
}

/**
 * Makes a call that sends the given chunks.
 *
 * @param ends Whether the client closes its side of the stream after the chunks
 */
export async function call(
  session: ClientHttp2Session,
  path: string,
  chunks: Buffer[],
  headers: OutgoingHttpHeaders = {},
  ends = true,
): Promise<Outcome> {
  const stream = open(session, path, headers);
  const answered = outcome(stream);
  for (const chunk of chunks) stream.write(chunk);
  if (ends) stream.end();
  return answered;
}

export function outcome(stream: ReturnType<typeof open>): Promise<Outcome> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    let headers: Record<string, unknown> = {};
    stream.on('response', (given) => (headers = { ...headers, ...given }));
    stream.on('trailers', (given) => (headers = { ...headers, ...given }));
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      const code = headers['grpc-status'];
      resolve({
        messages: messagesOf(Buffer.concat(received)),
        headers,
        reset: stream.rstCode ?? constants.NGHTTP2_NO_ERROR,
        ...(code !== undefined && { code: Number(code) }),
        ...(headers['grpc-message'] !== undefined && { details: decodeURIComponent(String(headers['grpc-message'])) }),
      });
    });
  });
}

function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

afterAll(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});
