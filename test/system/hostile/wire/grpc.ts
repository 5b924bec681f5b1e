import { connect, constants, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { grpcMessage } from '../../../support/http2-frames';
import type { Tally, Target } from '../attack';
import { gzip } from './bytes';

const PATIENCE_MS = 15_000;
const MAX_ERROR_BYTES = 4096;

export const SERVICE = '/inference.GRPCInferenceService';
export const INFER = `${SERVICE}/ModelInfer`;
export const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';

const CODES = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
];

export function packedMessage(content: Buffer): Buffer {
  return grpcMessage(gzip(content), { flag: 1 });
}

export function open(target: Target): ClientHttp2Session {
  const session = connect(`http://${target.host}:${target.grpcPort}`);
  session.on('error', () => {});
  return session;
}

export function startCall(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
    te: 'trailers',
  });
}

/** Sends bytes as a call's body, and returns how the call ended. */
export function callOn(session: ClientHttp2Session, path: string, body: Buffer): Promise<string> {
  return new Promise((resolve) => {
    let stream: ClientHttp2Stream;
    try {
      stream = startCall(session, path);
    } catch (error) {
      resolve(`closed: ${(error as NodeJS.ErrnoException).code}`);
      return;
    }
    let status = '';
    let failure = 'closed';
    const keep = (headers: Record<string, unknown>) => {
      const code = headers['grpc-status'];
      if (code === undefined) return;
      const length = String(headers['grpc-message'] ?? '').length;
      const name = CODES[Number(code)] ?? String(code);
      status = length > MAX_ERROR_BYTES ? `${name} with an error of ${length} bytes` : name;
    };
    stream.setTimeout(PATIENCE_MS, () => {
      failure = 'no answer';
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('response', keep).on('trailers', keep).resume();
    stream.on('error', (error: NodeJS.ErrnoException) => (failure = `closed: ${error.code}`));
    stream.on('close', () => resolve(status || failure));
    stream.end(body);
  });
}

/** Makes a call on a new connection, and counts how it ended. */
export async function call(target: Target, tally: Tally, body: Buffer, path = INFER): Promise<void> {
  const session = open(target);
  tally.add(await callOn(session, path, body), body.length);
  session.destroy();
}
