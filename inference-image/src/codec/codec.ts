import { constants } from 'node:buffer';
import type { Holding } from '../budget/memory-budget';
import { invalid, ServingError } from '../base/errors';
import type { Tensor } from '../tensor/tensor';
import { answerSize, ASK_FOR_BINARY, type AnswerSize } from '../protocol/answer-size';
import type { InferRequestDecoder } from '../protocol/infer-request';
import { InferResponseEncoder, joinParts, type InferResponse } from '../protocol/infer-response';
import { jsonDataPieces } from '../json/json-data';
import {
  packedLength,
  unpackRequest,
  unpackRequestInSlices,
  type PackedRequest,
  type InferRequest,
} from '../protocol/request';
import { COPY_BYTES, type Sliced, SlicedWork, TURN_BYTES } from '../base/sliced-work';
import { LazyThread } from '../threads/lazy-thread';
import type { CodecThread } from './codec-thread';
import { type CodecModel, type FromCodec, ownBuffers, ownBytes, type Pieces, type ToCodec } from './messages';

/**
 * Size of JSON that takes 0.2 ms to read. Larger requests are read one per turn of the event loop, because a thousand
 * requests may arrive in one turn, and each of them blocks the loop.
 */
const AT_ONCE_BYTES = 16 * 1024;
/** Number of elements whose JSON takes 1.5 ms to write, or 4 ms for doubles. */
const ENCODE_ELEMENTS = 32_768;
/** Total length of strings, in bytes or characters, that takes a few milliseconds to read or write. */
const TEXT_LENGTH = 256 * 1024;

export interface CodecOptions {
  readonly model: CodecModel;
  readonly decoder: InferRequestDecoder;
  readonly startThread: () => CodecThread;
  /** Number of large bodies that may wait to be read; further requests are refused immediately. */
  readonly maxQueueLength: number;
}

/**
 * Reads requests and writes responses. Small ones are processed immediately, large JSON on a separate thread, and many
 * strings in slices, so that the event loop stays free. The thread starts with the first large body; if it exits, the
 * next large body starts a new one.
 */
export class Codec {
  private readonly encoder: InferResponseEncoder;
  private readonly thread: LazyThread<CodecThread>;
  private readonly work = new SlicedWork();
  private readonly acceptsTexts: boolean;
  private lastTicket = 0;
  /** Unfinished work: requests read in slices, requests on the thread, and responses. */
  private readonly inTurn = new Set<Promise<unknown>>();
  private readonly decoding = new Set<Promise<unknown>>();
  private readonly encoding = new Set<Promise<unknown>>();

  constructor(private readonly options: CodecOptions) {
    this.encoder = new InferResponseEncoder(options.model);
    this.thread = new LazyThread(options.startThread);
    this.acceptsTexts = options.model.signature.inputs.some(({ datatype }) => datatype === 'BYTES');
  }

  get busy(): boolean {
    return this.inTurn.size + this.decoding.size + this.encoding.size > 0;
  }

  /**
   * Decodes a request as InferRequestDecoder.decode does. Takes ownership of a large body.
   * @param holding Memory of the request. It already counts the body; the decoded inputs are added.
   */
  decode(body: Buffer, jsonLength: number | undefined, holding: Holding): InferRequest | Promise<InferRequest> {
    const jsonBytes = Math.min(jsonLength ?? body.length, body.length);
    if (jsonBytes < AT_ONCE_BYTES || jsonBytes < (jsonLength ?? 0))
      return this.unpack(this.options.decoder.decodePacked(body, jsonLength, holding));
    // Larger bodies are sent to the thread, because transferring them costs less than reading them here.
    if (jsonBytes < TURN_BYTES) {
      this.assertRoom(this.inTurn);
      return this.decodeInTurn(body, jsonBytes, holding);
    }
    if (jsonBytes > constants.MAX_STRING_LENGTH) {
      throw new ServingError(
        'tooLarge',
        `the request has ${jsonBytes} bytes of JSON, and the limit is ${constants.MAX_STRING_LENGTH} bytes; send its data as binary data`,
      );
    }
    this.assertRoom(this.decoding);
    return track(this.decoding, this.decodeOnThread(body, jsonBytes, holding));
  }

  /** Delegates to InferResponseEncoder.assertEncodable. */
  assertEncodable(request: InferRequest): void {
    this.encoder.assertEncodable(request);
  }

  /**
   * Encodes a response as InferResponseEncoder.encode does. Takes ownership of large outputs.
   * @param holding Memory of the request. The outputs and the answer are added.
   */
  encode(request: InferRequest, outputs: readonly Tensor[], holding: Holding): InferResponse | Promise<InferResponse> {
    const size = answerSize(request, outputs);
    hold(holding, size.outputBytes + size.maxBytes, request);
    const isLarge =
      size.textLength >= TEXT_LENGTH || size.jsonElements >= ENCODE_ELEMENTS || size.maxBytes >= COPY_BYTES;
    if (isLarge) return track(this.encoding, this.encodeLarge(request, outputs, size, holding));
    const response = this.encoder.encode(request, outputs);
    adjust(holding, size.maxBytes, memoryOf(response.body));
    return response;
  }

  /** Stops the thread once its work is done. Call it when no more requests can arrive. */
  async close(): Promise<void> {
    await this.thread.closeAfter(Promise.allSettled([...this.inTurn, ...this.decoding, ...this.encoding]));
  }

  private assertRoom({ size }: ReadonlySet<unknown>): void {
    const { maxQueueLength } = this.options;
    if (size <= maxQueueLength) return;
    throw new ServingError('rejected', `the queue is full: ${maxQueueLength} large requests are waiting`);
  }

  private unpack(request: PackedRequest): InferRequest | Promise<InferRequest> {
    if (!this.acceptsTexts) return request as InferRequest;
    if (packedLength(request) < TEXT_LENGTH) return unpackRequest(request);
    const unpacked = this.work.do(unpackRequestInSlices(request));
    return unpacked instanceof Promise ? track(this.decoding, unpacked) : unpacked;
  }

  private decodeInTurn(body: Buffer, jsonLength: number, holding: Holding): InferRequest | Promise<InferRequest> {
    const decoded = this.work.doInTurn(this.decodeInSlices(body, jsonLength, holding), jsonLength);
    return decoded instanceof Promise ? track(this.inTurn, decoded) : decoded;
  }

  private *decodeInSlices(body: Buffer, jsonLength: number, holding: Holding): Sliced<InferRequest> {
    return yield* unpackRequestInSlices(this.options.decoder.decodePacked(body, jsonLength, holding));
  }

  /** Reads in two steps: the thread determines the size of the inputs, and this thread reserves the memory for them. */
  private async decodeOnThread(body: Buffer, jsonLength: number, holding: Holding): Promise<InferRequest> {
    const bytes = ownBytes(body);
    const thread = this.thread.running();
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
    { maxBytes, jsonElements }: AnswerSize,
    holding: Holding,
  ): Promise<InferResponse> {
    const written = await this.work.do(this.writeTexts(request, outputs, holding));
    const textBytes = written.reduce((total, pieces) => total + lengthOf(pieces ?? []), 0);
    // Counts the strings a second time, because the pieces are later copied into one body.
    hold(holding, textBytes, request);
    const capacity = maxBytes + textBytes;
    const response =
      jsonElements < ENCODE_ELEMENTS
        ? await this.work.do(joinParts(this.encoder.encodeParts(request, outputs, written), capacity))
        : await this.encodeOnThread(request, outputs, written, capacity);
    adjust(holding, capacity + textBytes, memoryOf(response.body));
    return response;
  }

  /**
   * Writes the JSON of many strings in slices on this thread, because copying them to another thread takes as long as
   * writing them.
   */
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
    capacity: number,
  ): Promise<InferResponse> {
    const { tensors, transfer } = ownBuffers(outputs.map((each, i) => (written[i] ? { ...each, data: [] } : each)));
    const texts = written.map((pieces) => pieces?.map(ownBytes));
    const request = { id, binary, inputs: [], outputs: [] };
    const { body, jsonLength } = await this.thread
      .running()
      .ask<Extract<FromCodec, { type: 'encoded' }>['result']>(
        { type: 'encode', request, outputs: tensors, written: texts, capacity },
        [...transfer, ...texts.flatMap((pieces) => pieces?.map(({ buffer }) => buffer) ?? [])],
      );
    return { body: Buffer.from(body.buffer, body.byteOffset, body.byteLength), jsonLength };
  }
}

/** Keeps a promise in the set until it settles. */
function track<T>(running: Set<Promise<unknown>>, promise: Promise<T>): Promise<T> {
  running.add(promise);
  const end = () => void running.delete(promise);
  promise.then(end, end);
  return promise;
}

/** Reserves memory for an answer. If the whole budget is too small for it, the error suggests binary data. */
function hold(holding: Holding, bytes: number, { binary }: InferRequest): void {
  try {
    holding.add(bytes);
  } catch (error) {
    if (!(error instanceof ServingError) || error.kind !== 'tooLarge' || binary.every(Boolean)) throw error;
    throw invalid(
      `the answer and its outputs take up to ${bytes} bytes of memory; ${ASK_FOR_BINARY}, or send less at a time`,
    );
  }
}

/**
 * Adjusts an answer's reservation to the answer's actual size, which may exceed the reservation if the answer contains
 * strings.
 */
function adjust(holding: Holding, held: number, bytes: number): void {
  if (held > bytes) holding.subtract(held - bytes);
  else holding.add(bytes - held);
}

/** Memory that a body takes until it is sent; a string is copied as UTF-8. */
function memoryOf(body: InferResponse['body']): number {
  if (typeof body !== 'string') return body.length;
  const bytes = Buffer.byteLength(body);
  return bytes + (bytes === body.length ? bytes : 2 * body.length);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, { length }) => total + length, 0);
}
