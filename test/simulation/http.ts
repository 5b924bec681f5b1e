import { EventEmitter } from 'node:events';
import type { World } from './world';

/** Connection, as the server sees it. */
export class Socket extends EventEmitter {
  destroyed = false;
  bytesRead = 0;
  bytesWritten = 0;
  /** Bytes of responses that the client has not read. */
  writableLength = 0;
  readonly localPort = 8080;
  readonly remotePort = 1;
  private exchange?: { readonly request: Request; readonly response: Response };

  /** @param onClosed Called when the connection has closed */
  constructor(
    private readonly world: World,
    private readonly onClosed: () => void,
  ) {
    super();
  }

  begin(request: Request, response: Response): void {
    this.exchange = { request, response };
  }

  destroy(): this {
    if (this.destroyed) return this;
    this.destroyed = true;
    this.world.loop.setImmediate(() => this.close());
    return this;
  }

  destroySoon(): void {
    this.destroy();
  }

  resetAndDestroy(): void {
    this.destroy();
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  private close(): void {
    const { request, response } = this.exchange ?? {};
    // Like Node, emits the error only if there is a listener.
    if (request && !request.complete && request.listenerCount('error') > 0) {
      request.emit('error', Object.assign(new Error('aborted'), { code: 'ECONNRESET' }));
    }
    response?.close();
    request?.emit('close');
    this.emit('close');
    this.onClosed();
  }
}

export class Request extends EventEmitter {
  readonly method = 'POST';
  readonly url = '/v2/models/m/infer';
  readonly httpVersion = '1.1';
  readonly rawHeaders: string[] = [];
  complete = false;

  constructor(
    readonly socket: Socket,
    readonly headers: Record<string, string>,
  ) {
    super();
  }

  pause(): this {
    return this;
  }

  resume(): this {
    return this;
  }

  destroy(): this {
    this.socket.destroy();
    return this;
  }
}

/** Response, as the client receives it. */
export interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | number>;
  readonly body: string;
}

export class Response extends EventEmitter {
  headersSent = false;
  private isClosed = false;
  private readonly set: Record<string, string> = {};
  private answer?: Answer;

  /**
   * @param isReadAtOnce Whether the client reads the response as soon as it arrives
   * @param onAnswer Called with each response; there must be at most one
   */
  constructor(
    readonly req: Request,
    private readonly isReadAtOnce: boolean,
    private readonly onAnswer: (answer: Answer) => void,
  ) {
    super();
  }

  get socket(): Socket {
    return this.req.socket;
  }

  setHeader(name: string, value: string): this {
    this.set[name] = value;
    return this;
  }

  appendHeader(name: string, value: string): this {
    return this.setHeader(name, value);
  }

  writeHead(status: number, headers: Record<string, string | number>): this {
    if (this.headersSent) throw new Error('ERR_HTTP_HEADERS_SENT');
    this.headersSent = true;
    this.answer = { status, headers: { ...this.set, ...headers }, body: '' };
    return this;
  }

  end(body: string): this {
    const { socket, answer } = this;
    this.onAnswer({ ...(answer as Answer), body });
    if (socket.destroyed) return this;
    socket.bytesWritten += body.length;
    socket.writableLength = this.isReadAtOnce ? 0 : body.length;
    return this;
  }

  /** Closes the response, which has either been handed over to the operating system or will never be sent. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.emit('close');
  }
}
