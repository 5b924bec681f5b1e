import { connect, constants, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { grpcMessage } from '../support/http2-frames';
import type { BytesCase, GrpcCase } from './cases';
import { decodeInfer, encodeInfer, INFER, inferRequest } from './grpc-message';
import type { Target } from './target';
import { within } from './within';

type Asked = Pick<GrpcCase, 'path' | 'headers' | 'body' | 'then'>;

interface Answer {
  readonly status: string;
  readonly message: string;
  readonly body: Buffer;
}

/**
 * Options of the client's sessions, with a memory limit of 100 GB. A session permanently counts data that it could not
 * send on streams that the server has reset. At the default limit of 10 MB, it refuses all answers.
 */
const OPTIONS = { maxSessionMemory: 100_000 };

/** Makes calls on an HTTP/2 connection, and returns the statuses with which the calls ended. */
export class GrpcChecker {
  private session?: ClientHttp2Session;

  constructor(private readonly target: Target) {}

  async check(each: GrpcCase): Promise<string[]> {
    const { status, message } = await within(this.call(each), 'the call did not end');
    if (FAULTS[status] && !OF_GRPC_JS.test(message)) throw new Error(`grpc-status ${FAULTS[status]}: ${message}`);
    // A call that HTTP/2 does not allow, such as one with an empty path, ends with a protocol error instead of a
    // status.
    if (status.startsWith('none') && !status.endsWith('NGHTTP2_PROTOCOL_ERROR'))
      throw new Error(`no status: ${status}`);
    return [status];
  }

  async checkBytes({ bytes }: BytesCase): Promise<string[]> {
    const socket = connectSocket(this.target.grpcPort, '127.0.0.1');
    let received = Buffer.alloc(0);
    const ended = new Promise<string[]>((resolve) => {
      socket.on('error', () => {}).once('close', () => resolve(['closed']));
      socket.on('data', (data) => {
        received = Buffer.concat([received, data]);
        if (hasGoaway(received)) resolve(['goaway']);
      });
    });
    socket.end(bytes);
    return within(ended, 'the connection did not end').finally(() => socket.destroy());
  }

  /** Throws unless a valid call gets the correct answer. */
  async checkGood(): Promise<void> {
    const { model } = this.target;
    const body = grpcMessage(encodeInfer(inferRequest(model)));
    const answer = await within(
      this.call({ path: INFER, headers: {}, body, then: 'reply' }),
      'a valid call got no reply',
    );
    if (answer.status !== '0' || !decodeInfer(answer.body).equals(model.output.bytes)) {
      throw new Error(`a valid call was answered ${answer.status} ${answer.message} ${answer.body.toString('hex')}`);
    }
  }

  close(): void {
    this.session?.destroy();
  }

  /**
   * Makes a call. If the call is refused because its connection is ending, makes it again on a new connection, as
   * clients do.
   */
  private async call(each: Asked): Promise<Answer> {
    for (;;) {
      const answer = await this.callOnce(each);
      if (!answer.status.endsWith('NGHTTP2_REFUSED_STREAM')) return answer;
      this.session = undefined;
    }
  }

  private callOnce({ path, headers, body, then }: Asked): Promise<Answer> {
    const session = this.connected();
    return new Promise((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      let last: IncomingHttpHeaders = {};
      let failure = '';
      const parts: Buffer[] = [];
      const keep = (received: IncomingHttpHeaders) => (last = { ...last, ...received });
      stream.on('response', keep).on('trailers', keep);
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('error', ({ message }) => (failure = message));
      stream.on('close', () => {
        const message = String(last['grpc-message'] ?? '');
        const httpStatus = Number(last[':status']);
        if (httpStatus >= 500) reject(new Error(`HTTP status ${httpStatus}`));
        const status = last['grpc-status'] ?? (httpStatus >= 400 ? `HTTP ${httpStatus}` : `none; ${failure}`);
        if (then === 'cancel') resolve({ status: 'cancelled', message: '', body: Buffer.alloc(0) });
        else resolve({ status: String(status), message, body: Buffer.concat(parts) });
      });
      if (then === 'cancel') stream.end(body, () => stream.close(constants.NGHTTP2_CANCEL));
      else stream.end(body);
    });
  }

  private connected(): ClientHttp2Session {
    if (this.session && !this.session.closed && !this.session.destroyed) return this.session;
    this.session = connect(`http://127.0.0.1:${this.target.grpcPort}`, OPTIONS);
    this.session.on('error', () => {});
    return this.session;
  }
}

const FAULTS: Readonly<Record<string, string>> = { 2: 'UNKNOWN', 13: 'INTERNAL', 14: 'UNAVAILABLE' };

/**
 * Messages of grpc-js for calls that reach no handler. Their statuses do not count as faults; gRPC's specification
 * requires the status of the first one.
 */
const OF_GRPC_JS = /^Failed%20to%20decompress%20message$|^Invalid%20grpc-timeout%20value/;

const GOAWAY = 7;

/**
 * Whether the server has ended a connection with GOAWAY. With Node 20, such a connection can stay open until the client
 * closes it or does not answer a ping.
 */
function hasGoaway(frames: Buffer): boolean {
  for (let at = 0; at + 9 <= frames.length; at += 9 + frames.readUIntBE(at, 3)) {
    if (frames[at + 3] === GOAWAY) return true;
  }
  return false;
}
