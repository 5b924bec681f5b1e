import { EventEmitter } from 'node:events';
import type { World } from './world';

/** A connection, as the server has it. */
export class Socket extends EventEmitter {
  destroyed = false;
  bytesRead = 0;
  bytesWritten = 0;
  /** Bytes of answers that the client has not read. */
  writableLength = 0;
  readonly localPort = 8080;
  readonly remotePort = 1;
  private exchange?: { readonly request: Request; readonly response: Response };

  /** @param onClosed Tells the client. */
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
    // Node gives the error to whoever listens, and else to nobody.
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

/** What the client gets of an answer. */
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
   * @param isReadAtOnce Whether the client reads the answer when it comes.
   * @param onAnswer Called with each answer; there must be one at most.
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

  /** The answer has been handed over, or never will be. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.emit('close');
  }
}
