/** Bytes to send on a connection to the HTTP port. */
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
   * Number of valid requests at the beginning of the bytes. They must be answered, whatever follows them, and the
   * client waits for the answers.
   */
  readonly right?: number;
  /** Number of bytes after which the client pauses. */
  readonly pauseAt?: number;
  /** Whether the request is HEAD, whose replies have no body. */
  readonly head?: boolean;
}

/** A call on an HTTP/2 connection to the gRPC port. */
export interface GrpcCase {
  readonly kind: 'grpc';
  readonly model: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `reply`: the client waits for the end of the call. `cancel`: it cancels the call once everything is sent. */
  readonly then: 'reply' | 'cancel';
}

/** Bytes to send on a connection to the gRPC port. The connection must end. */
export interface BytesCase {
  readonly kind: 'bytes';
  readonly model: number;
  readonly bytes: Buffer;
}

export type Case = HttpCase | GrpcCase | BytesCase;
