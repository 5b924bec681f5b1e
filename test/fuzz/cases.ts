/** Bytes on a connection to the HTTP port. */
export interface HttpCase {
  readonly kind: 'http';
  readonly model: number;
  readonly bytes: Buffer;
  /**
   * `reply`: whole as HTTP goes, so that one reply must come and the connection can be used again.
   * `end`: the client sends no more, and whatever is answered, the connection must end. `reset`: the client goes away.
   */
  readonly then: 'reply' | 'end' | 'reset';
  /** So many requests in it are right, and must be answered, whatever comes after them; the client waits for it. */
  readonly right?: number;
  /** After so many bytes the client pauses. */
  readonly pauseAt?: number;
  /** Replies to HEAD have no body. */
  readonly head?: boolean;
}

/** A call on an HTTP/2 connection to the gRPC port. */
export interface GrpcCase {
  readonly kind: 'grpc';
  readonly model: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** `cancel`: the client gives the call up once all is sent. */
  readonly then: 'reply' | 'cancel';
}

/** Bytes on a connection to the gRPC port, which must end. */
export interface BytesCase {
  readonly kind: 'bytes';
  readonly model: number;
  readonly bytes: Buffer;
}

export type Case = HttpCase | GrpcCase | BytesCase;
