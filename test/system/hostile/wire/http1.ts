import { request, type OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Tally, Target } from '../attack';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const PACKED = { ...JSON_TYPE, 'content-encoding': 'gzip' };

/** Time limit for an answer, which is longer than any correct answer takes. */
const PATIENCE_MS = 15_000;
/** Maximum size of an error. */
const MAX_ERROR_BYTES = 4096;

interface Exchange {
  readonly method?: string;
  readonly path: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: Buffer;
  readonly port?: number;
}

/** Sends a request on a new connection, and counts its status. */
export async function ask(target: Target, tally: Tally, exchange: Exchange): Promise<void> {
  tally.add(await statusOf(target, exchange), exchange.body?.length ?? 0);
}

function statusOf(target: Target, { method = 'POST', path, headers, body, port = target.httpPort }: Exchange) {
  return new Promise<string>((resolve) => {
    const sent = request(
      { host: target.host, port, method, path, headers, agent: false, timeout: PATIENCE_MS },
      (answer) => {
        let length = 0;
        answer.on('data', (data: Buffer) => (length += data.length));
        answer.on('error', () => resolve(`HTTP ${answer.statusCode}, incomplete`));
        answer.on('end', () => {
          const status = answer.statusCode as number;
          const isLong = status >= 400 && length > MAX_ERROR_BYTES;
          resolve(isLong ? `HTTP ${status} with an error of ${length} bytes` : `HTTP ${status}`);
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(`closed: ${error.code ?? error.message}`));
    sent.end(body);
  });
}

/** Connection that sends raw bytes and can leave answers unread. */
export class RawConnection {
  /** Statuses of the answers that were read. */
  readonly statuses: string[] = [];
  closed = false;
  sent = 0;

  private constructor(private readonly socket: Socket) {
    socket.on('error', () => {}).on('close', () => (this.closed = true));
  }

  /** Opens a connection. @param reads Whether the connection reads the answers. @default true */
  static async open(target: Target, port = target.httpPort, reads = true): Promise<RawConnection> {
    const socket = connect({ host: target.host, port, noDelay: true });
    const connection = new RawConnection(socket);
    if (reads) socket.on('data', (data) => connection.read(data));
    else socket.pause();
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('close', () => resolve()));
    return connection;
  }

  /**
   * Sends bytes. Resolves when they have been sent, the connection is closed, or the server has not read for
   * `patienceMs`.
   */
  write(data: Buffer | string, patienceMs = 5000): Promise<void> {
    if (this.closed) return Promise.resolve();
    this.sent += data.length;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, patienceMs);
      const done = () => {
        clearTimeout(timer);
        this.socket.off('close', done);
        resolve();
      };
      this.socket.once('close', done);
      this.socket.write(data, done);
    });
  }

  /** State of the connection: the status of the last answer, `closed` or `held`. */
  get status(): string {
    return this.statuses.at(-1) ?? (this.closed ? 'closed' : 'held');
  }

  close(): void {
    this.socket.destroy();
  }

  private read(data: Buffer): void {
    for (const [, status] of data.toString('latin1').matchAll(/HTTP\/1\.1 (\d{3})/g))
      this.statuses.push(`HTTP ${status}`);
  }
}

/** Request line and headers of a request, with the empty line at the end. */
export function head(method: string, path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ Host: 'x', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

/** Opens connections, runs an action on each of them, holds them until the time is up, and counts their states. */
export async function hold(
  target: Target,
  tally: Tally,
  count: number,
  act: (connection: RawConnection, index: number) => Promise<void>,
  { port = target.httpPort, reads = true, seconds = target.seconds } = {},
): Promise<void> {
  const end = performance.now() + seconds * 1000;
  const connections: RawConnection[] = [];
  const one = async (index: number) => {
    const connection = await RawConnection.open(target, port, reads);
    connections.push(connection);
    await act(connection, index);
  };
  await Promise.race([Promise.all(Array.from({ length: count }, (_, index) => one(index))), until(end)]);
  await until(end);
  for (const connection of connections) {
    tally.add(connection.status, connection.sent);
    connection.close();
  }
}

/** Waits until `performance.now()` reaches a time. */
export function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())));
}
