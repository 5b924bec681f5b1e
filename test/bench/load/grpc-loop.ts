import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { grpcMessage } from '../../support/http2-frames';
import type { Measured } from './closed-loop';
import { Samples } from './samples';

export interface GrpcLoop {
  /** http://HOST:PORT */
  readonly url: string;
  /** /package.Service/Method */
  readonly path: string;
  readonly message: Uint8Array;
  readonly clients: number;
  readonly seconds: number;
}

/** Runs clients that have one connection each and wait for an answer before they send the next request. */
export async function grpcLoop(load: GrpcLoop): Promise<Measured> {
  const message = grpcMessage(load.message);
  const samples = new Samples();
  const refused: Record<number, number> = {};
  const start = performance.now();
  const end = start + load.seconds * 1000;
  const client = async () => {
    const session = connect(load.url);
    // The failed call reports the error.
    session.on('error', () => {});
    while (performance.now() < end) {
      const sent = performance.now();
      const status = await call(session, load.path, message);
      if (status === 0) samples.add(performance.now() - sent);
      else refused[status] = (refused[status] ?? 0) + 1;
    }
    session.close();
  };
  await Promise.all(Array.from({ length: load.clients }, client));
  const seconds = (performance.now() - start) / 1000;
  const [p50Ms, p99Ms] = samples.quantiles(0.5, 0.99) as [number, number];
  return { throughput: samples.count / seconds, p50Ms, p99Ms, refused };
}

/** Returns the call's gRPC status. */
function call(session: ClientHttp2Session, path: string, message: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      [constants.HTTP2_HEADER_TE]: 'trailers',
    });
    let status = NaN;
    const read = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] !== undefined) status = Number(headers['grpc-status']);
    };
    stream.on('response', read);
    stream.on('trailers', read);
    stream.on('error', reject);
    stream.on('close', () => resolve(status));
    stream.resume();
    stream.end(message);
  });
}
