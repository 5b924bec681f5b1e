/** Case of the HTTP port: bytes to send on a connection. */
export interface HttpCase {
  readonly kind: 'http';
  readonly model: number;
  readonly bytes: Buffer;
  /**
   * What happens after the bytes.
   * - `reply`: they are a complete HTTP request, so the server must send one reply, and the connection remains usable.
   * - `end`: the client sends nothing more, and the connection must end, whatever the answer is.
   * - `reset`: the client disconnects.
   */
  readonly then: 'reply' | 'end' | 'reset';
  /**
   * Number of valid requests at the beginning of the bytes. The server must answer them, whatever follows. The client
   * waits for the answers.
   */
  readonly right?: number;
  /** Number of bytes after which the client pauses. */
  readonly pauseAt?: number;
  /** Whether the request is HEAD, whose replies have no body. */
  readonly head?: boolean;
}

/** Case of the gRPC port: a call on an HTTP/2 connection. */
export interface GrpcCase {
  readonly kind: 'grpc';
  readonly model: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /**
   * What the client does after it has sent everything: `reply` waits for the end of the call, and `cancel` cancels the
   * call.
   */
  readonly then: 'reply' | 'cancel';
}

/** Case of the gRPC port: bytes to send on a connection. The server must end the connection. */
export interface BytesCase {
  readonly kind: 'bytes';
  readonly model: number;
  readonly bytes: Buffer;
}

export type Case = HttpCase | GrpcCase | BytesCase;
