import { constants } from 'node:buffer';
import type { Holding } from '../budget/holding';
import { invalid, ServingError } from '../errors';
import { dataBytes, totalElements, type Tensor } from '../inference/tensor';
import { ASK_FOR_BINARY, maxAnswerBytes, textLength } from '../protocol/answer-size';
import type { InferRequest, InferRequestDecoder } from '../protocol/infer-request';
import { InferResponseEncoder, type InferResponse } from '../protocol/infer-response';
import { jsonDataPieces } from '../protocol/json-data';
import { packedLength, unpackRequest, unpackRequestInSlices, type PackedRequest } from '../protocol/packed-request';
import { SlicedWork, type Sliced } from '../protocol/sliced-work';
import type { CodecThread } from './codec-thread';
import type { CodecModel, FromCodec, Pieces, ToCodec } from './messages';
import { ownBuffers, ownBytes } from './transfer';

/**
 * Bytes of JSON that take 2 to 6 ms to read; to send them to a thread and back costs 0.2. Requests of several clients
 * may come in one turn of the event loop, where each holds up all.
 */
const DECODE_BYTES = 256 * 1024;
/** Elements that take 1.5 ms to write, or 4 as doubles. */
const ENCODE_ELEMENTS = 32_768;
/** Bytes or characters of texts that take some milliseconds to read or to write. */
const TEXT_LENGTH = 256 * 1024;
/** Bytes that take a few milliseconds to copy into memory that is new. */
const COPY_BYTES = 4 * 1024 * 1024;

export interface CodecOptions {
  readonly model: CodecModel;
  readonly decoder: InferRequestDecoder;
  readonly startThread: () => CodecThread;
  /** Large bodies that may wait to be read; one more is refused at once. */
  readonly maxQueueLength: number;
}

/**
 * Reads requests and writes responses: small ones at once, large JSON on a thread of its own, and many texts in slices,
 * so that the event loop stays free. The thread begins with the first large body, and another one with the next should
 * it ever end.
 */
export class Codec {
  private readonly encoder: InferResponseEncoder;
  private thread?: CodecThread;
  private readonly work = new SlicedWork();
  private closed = false;
  private lastTicket = 0;
  /** What is not done yet. */
  private readonly decoding = new Set<Promise<unknown>>();
  private readonly encoding = new Set<Promise<unknown>>();

  constructor(private readonly options: CodecOptions) {
    this.encoder = new InferResponseEncoder(options.model);
  }

  get busy(): boolean {
    return this.decoding.size + this.encoding.size > 0;
  }

  /**
   * As InferRequestDecoder.decode. Takes ownership of a large body.
   * @param holding Of the request: it holds the body, and then what was decoded as well.
   */
  decode(body: Buffer, jsonLength: number | undefined, holding: Holding): InferRequest | Promise<InferRequest> {
    const jsonBytes = Math.min(jsonLength ?? body.length, body.length);
    if (jsonBytes < DECODE_BYTES) return this.unpack(this.options.decoder.decodePacked(body, jsonLength, holding));
    if (jsonLength !== undefined && jsonLength > body.length) return this.options.decoder.decode(body, jsonLength);
    if (jsonBytes > constants.MAX_STRING_LENGTH) {
      throw new ServingError(
        'tooLarge',
        `the request has ${jsonBytes} bytes of JSON, and ${constants.MAX_STRING_LENGTH} is the limit; send its data as binary data`,
      );
    }
    const { maxQueueLength } = this.options;
    if (this.decoding.size > maxQueueLength) {
      throw new ServingError('rejected', `the queue is full: ${maxQueueLength} large requests wait already`);
    }
    return during(this.decoding, this.decodeOnThread(body, jsonBytes, holding));
  }

  /** As InferResponseEncoder.assertEncodable. */
  assertEncodable(request: InferRequest): void {
    this.encoder.assertEncodable(request);
  }

  /**
   * As InferResponseEncoder.encode. Takes ownership of large outputs.
   * @param holding Of the request: it holds the outputs, and then the answer as well.
   */
  encode(request: InferRequest, outputs: readonly Tensor[], holding: Holding): InferResponse | Promise<InferResponse> {
    const bound = maxAnswerBytes(request, outputs);
    hold(holding, dataBytes(outputs) + bound, request);
    const texts = textLength(outputs);
    const numbers = outputs.filter(({ datatype }, i) => !request.binary[i] && datatype !== 'BYTES');
    if (texts < TEXT_LENGTH && totalElements(numbers) < ENCODE_ELEMENTS && bound < COPY_BYTES) {
      const response = this.encoder.encode(request, outputs);
      adjust(holding, bound, response.body.length);
      return response;
    }
    return during(this.encoding, this.encodeLarge(request, outputs, bound, holding));
  }

  /** Ends the thread once its work is done. Call it when no request can come any more. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([...this.decoding, ...this.encoding]);
    await this.thread?.close();
  }

  private unpack(request: PackedRequest): InferRequest | Promise<InferRequest> {
    if (packedLength(request) < TEXT_LENGTH) return unpackRequest(request);
    const unpacked = this.work.do(unpackRequestInSlices(request));
    return unpacked instanceof Promise ? during(this.decoding, unpacked) : unpacked;
  }

  /** In two steps, since the memory for what is decoded is held by this thread, and known by the other one. */
  private async decodeOnThread(body: Buffer, jsonLength: number, holding: Holding): Promise<InferRequest> {
    const bytes = ownBytes(body);
    const thread = this.runningThread();
    const ticket = ++this.lastTicket;
    const ask = <T extends FromCodec['type']>(message: ToCodec, transfer: ArrayBuffer[] = []) =>
      thread.ask<Extract<FromCodec, { type: T; result: unknown }>['result']>(message, transfer);
    const decodedBytes = await ask<'parsed'>({ type: 'parse', ticket, body: bytes, jsonLength }, [bytes.buffer]);
    try {
      holding.add(decodedBytes);
    } catch (error) {
      await ask<'dropped'>({ type: 'drop', ticket });
      throw error;
    }
    return this.unpack(await ask<'decoded'>({ type: 'read', ticket }));
  }

  private async encodeLarge(
    request: InferRequest,
    outputs: readonly Tensor[],
    bound: number,
    holding: Holding,
  ): Promise<InferResponse> {
    const written = await this.work.do(this.writeTexts(request, outputs, holding));
    const textBytes = written.reduce((total, pieces) => total + lengthOf(pieces ?? []), 0);
    // Once more, for all pieces become one body.
    hold(holding, textBytes, request);
    const numbers = outputs.filter(({ datatype }, i) => !request.binary[i] && datatype !== 'BYTES');
    const response =
      totalElements(numbers) < ENCODE_ELEMENTS
        ? await this.work.do(joinInSlices(this.encoder.encodeParts(request, outputs, written)))
        : await this.encodeOnThread(request, outputs, written);
    adjust(holding, bound + 2 * textBytes, response.body.length);
    return response;
  }

  /** The JSON of many texts, in slices: to copy them to a thread takes as long as to write them. */
  private *writeTexts(
    request: InferRequest,
    outputs: readonly Tensor[],
    holding: Holding,
  ): Sliced<(Pieces | undefined)[]> {
    const written: (Pieces | undefined)[] = [];
    for (const [i, output] of outputs.entries()) {
      if (output.datatype !== 'BYTES' || request.binary[i]) continue;
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for (const piece of jsonDataPieces(output)) {
        hold(holding, piece.length, request);
        pieces.push(piece as Buffer<ArrayBuffer>);
        yield;
      }
      written[i] = pieces;
    }
    return written;
  }

  private async encodeOnThread(
    { id, binary }: InferRequest,
    outputs: readonly Tensor[],
    written: ReadonlyArray<Pieces | undefined>,
  ): Promise<InferResponse> {
    const { tensors, transfer } = ownBuffers(outputs.map((each, i) => (written[i] ? { ...each, data: [] } : each)));
    const request = { id, binary, inputs: [], outputs: [] };
    const { body, jsonLength } = await this.runningThread().ask<Extract<FromCodec, { type: 'encoded' }>['result']>(
      { type: 'encode', request, outputs: tensors, written },
      transfer,
    );
    return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), jsonLength };
  }

  private runningThread(): CodecThread {
    if (this.thread) return this.thread;
    if (this.closed) throw new ServingError('unavailable', 'the server is shutting down');
    const thread = this.options.startThread();
    this.thread = thread;
    void thread.ended.then(() => {
      if (this.thread === thread) this.thread = undefined;
    });
    return thread;
  }
}

/** One body of many bytes, which are copied in slices. */
function* joinInSlices({ parts, jsonLength }: ReturnType<InferResponseEncoder['encodeParts']>): Sliced<InferResponse> {
  const [json] = parts;
  if (typeof json === 'string') return { body: json };
  const body = Buffer.allocUnsafeSlow(lengthOf(parts as Uint8Array[]));
  let at = 0;
  for (const part of parts as Uint8Array[]) {
    for (let from = 0; from < part.length; from += COPY_BYTES) {
      const slice = part.subarray(from, from + COPY_BYTES);
      body.set(slice, at);
      at += slice.length;
      if (slice.length === COPY_BYTES) yield;
    }
  }
  return { body, jsonLength };
}

/** Counts what is not done yet. */
function during<T>(running: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  running.add(promise);
  const end = () => void running.delete(promise);
  promise.then(end, end);
  return promise;
}

/** Holds memory for an answer; where no request may hold so much, it says what takes less. */
function hold(holding: Holding, bytes: number, { binary }: InferRequest): void {
  try {
    holding.add(bytes);
  } catch (error) {
    if (!(error instanceof ServingError) || error.kind !== 'tooLarge' || binary.every(Boolean)) throw error;
    throw invalid(`the answer takes up to ${bytes} bytes with its outputs; ${ASK_FOR_BINARY}, or less at a time`);
  }
}

/** From what was held for an answer to what it takes. */
function adjust(holding: Holding, held: number, bytes: number): void {
  if (held > bytes) holding.subtract(held - bytes);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, { length }) => total + length, 0);
}
