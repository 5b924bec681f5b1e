import type { Holding } from '../budget/holding';
import { ServingError } from '../errors';
import { dataBytes, totalElements, type Tensor } from '../inference/tensor';
import type { InferRequest, InferRequestDecoder } from '../protocol/infer-request';
import { InferResponseEncoder, type InferResponse } from '../protocol/infer-response';
import type { CodecThread } from './codec-thread';
import type { CodecModel, FromCodec, ToCodec } from './messages';
import { ownBuffers, ownBytes } from './transfer';

/** Bytes of JSON that keep the event loop for 2 to 5 ms, or 20 as texts or long integers; to send them costs 0.1. */
const DECODE_BYTES = 1024 * 1024;
/** Elements that take 4 ms to write, or 10 as doubles. */
const ENCODE_ELEMENTS = 100_000;

export interface CodecOptions {
  readonly model: CodecModel;
  readonly decoder: InferRequestDecoder;
  readonly startThread: () => CodecThread;
  /** Large bodies that may wait to be read; one more is refused at once. */
  readonly maxQueueLength: number;
}

/**
 * Reads requests and writes responses: small ones at once, and large JSON on a thread of its own, so that the event
 * loop stays free. The thread begins with the first large body, and anew with the next one should it ever end.
 */
export class Codec {
  private readonly encoder: InferResponseEncoder;
  private thread?: CodecThread;
  private closed = false;

  constructor(private readonly options: CodecOptions) {
    this.encoder = new InferResponseEncoder(options.model);
  }

  get busy(): boolean {
    return this.waitingCount > 0;
  }

  private get waitingCount(): number {
    return this.thread?.waitingCount ?? 0;
  }

  /**
   * As InferRequestDecoder.decode. Takes ownership of a large body.
   * @param holding Of the request: it holds the body, and then what was decoded as well.
   */
  decode(body: Buffer, jsonLength: number | undefined, holding: Holding): InferRequest | Promise<InferRequest> {
    if (Math.min(jsonLength ?? body.length, body.length) < DECODE_BYTES) {
      const request = this.options.decoder.decode(body, jsonLength);
      holding.add(dataBytes(request.inputs));
      return request;
    }
    const { maxQueueLength } = this.options;
    if (this.waitingCount > maxQueueLength) {
      throw new ServingError('rejected', `the queue is full: ${maxQueueLength} large requests wait already`);
    }
    const bytes = ownBytes(body);
    return this.ask<FromCodec & { type: 'decoded' }>({ type: 'decode', body: bytes, jsonLength }, [bytes.buffer]);
  }

  /** As InferResponseEncoder.assertEncodable. */
  assertEncodable(request: InferRequest): void {
    this.encoder.assertEncodable(request);
  }

  /**
   * As InferResponseEncoder.encode. Takes ownership of large outputs.
   * @param holding Of the request: what the answer takes is added.
   */
  encode(request: InferRequest, outputs: readonly Tensor[], holding: Holding): InferResponse | Promise<InferResponse> {
    // Texts are not worth it: to copy them to a thread takes as long as to write them.
    const numbers = outputs.filter(({ datatype }, i) => !request.binary[i] && datatype !== 'BYTES');
    if (totalElements(numbers) >= ENCODE_ELEMENTS) return this.encodeOnThread(request, outputs, holding);
    const response = this.encoder.encode(request, outputs);
    holding.add(response.body.length);
    return response;
  }

  /** Ends the thread once its work is done. Call it when no request can come any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.thread?.close();
  }

  private async encodeOnThread(
    { id, binary }: InferRequest,
    outputs: readonly Tensor[],
    holding: Holding,
  ): Promise<InferResponse> {
    const { tensors, transfer } = ownBuffers(outputs);
    const request = { id, binary, inputs: [], outputs: [] };
    const { body, jsonLength } = await this.ask<FromCodec & { type: 'encoded' }>(
      { type: 'encode', request, outputs: tensors },
      transfer,
    );
    holding.add(body.length);
    return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), jsonLength };
  }

  private ask<T extends { result: unknown }>(message: ToCodec, transfer: ArrayBuffer[]): Promise<T['result']> {
    if (this.closed) return Promise.reject(new ServingError('unavailable', 'the server is shutting down'));
    return (this.thread ??= this.start()).ask(message, transfer);
  }

  private start(): CodecThread {
    const thread = this.options.startThread();
    void thread.ended.then(() => {
      if (this.thread === thread) this.thread = undefined;
    });
    return thread;
  }
}
