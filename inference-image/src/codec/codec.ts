import { constants } from 'node:buffer';
import type { Holding } from '../budget/holding';
import { invalid, ServingError } from '../errors';
import type { Tensor } from '../inference/tensor';
import { answerSize, ASK_FOR_BINARY, type AnswerSize } from '../protocol/answer-size';
import type { InferRequest, InferRequestDecoder } from '../protocol/infer-request';
import { InferResponseEncoder, joinParts, type InferResponse } from '../protocol/infer-response';
import { jsonDataPieces } from '../protocol/json-data';
import { packedLength, unpackRequest, unpackRequestInSlices, type PackedRequest } from '../protocol/packed-request';
import { COPY_BYTES, type Sliced, SlicedWork, TURN_BYTES } from '../protocol/sliced-work';
import type { CodecThread } from './codec-thread';
import type { CodecModel, FromCodec, Pieces, ToCodec } from './messages';
import { ownBuffers, ownBytes } from './transfer';

/**
 * Bytes of JSON that take 0.2 ms to read. Requests of a thousand clients may come in one turn of the event loop, where
 * each holds up all: larger ones take turns.
 */
const AT_ONCE_BYTES = 16 * 1024;
/** Elements that take 1.5 ms to write, or 4 as doubles. */
const ENCODE_ELEMENTS = 32_768;
/** Bytes or characters of texts that take some milliseconds to read or to write. */
const TEXT_LENGTH = 256 * 1024;

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
  private readonly takesTexts: boolean;
  private closed = false;
  private lastTicket = 0;
  /** What is not done yet. */
  private readonly inTurn = new Set<Promise<unknown>>();
  private readonly decoding = new Set<Promise<unknown>>();
  private readonly encoding = new Set<Promise<unknown>>();

  constructor(private readonly options: CodecOptions) {
    this.encoder = new InferResponseEncoder(options.model);
    this.takesTexts = options.model.signature.inputs.some(({ datatype }) => datatype === 'BYTES');
  }

  get busy(): boolean {
    return this.inTurn.size + this.decoding.size + this.encoding.size > 0;
  }

  /**
   * As InferRequestDecoder.decode. Takes ownership of a large body.
   * @param holding Of the request: it holds the body, and then what was decoded as well.
   */
  decode(body: Buffer, jsonLength: number | undefined, holding: Holding): InferRequest | Promise<InferRequest> {
    const jsonBytes = Math.min(jsonLength ?? body.length, body.length);
    if (jsonBytes < AT_ONCE_BYTES || jsonBytes < (jsonLength ?? 0))
      return this.unpack(this.options.decoder.decodePacked(body, jsonLength, holding));
    // Larger ones go to a thread: the way there and back costs less than reading them here.
    if (jsonBytes < TURN_BYTES) {
      this.assertRoom(this.inTurn);
      return this.decodeInTurn(body, jsonBytes, holding);
    }
    if (jsonBytes > constants.MAX_STRING_LENGTH) {
      throw new ServingError(
        'tooLarge',
        `the request has ${jsonBytes} bytes of JSON, and ${constants.MAX_STRING_LENGTH} is the limit; send its data as binary data`,
      );
    }
    this.assertRoom(this.decoding);
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
    const size = answerSize(request, outputs);
    hold(holding, size.outputBytes + size.maxBytes, request);
    const isLarge =
      size.textLength >= TEXT_LENGTH || size.jsonElements >= ENCODE_ELEMENTS || size.maxBytes >= COPY_BYTES;
    if (isLarge) return during(this.encoding, this.encodeLarge(request, outputs, size, holding));
    const response = this.encoder.encode(request, outputs);
    adjust(holding, size.maxBytes, memoryOf(response.body));
    return response;
  }

  /** Ends the thread once its work is done. Call it when no request can come any more. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.allSettled([...this.inTurn, ...this.decoding, ...this.encoding]);
    await this.thread?.close();
  }

  private assertRoom({ size }: ReadonlySet<unknown>): void {
    const { maxQueueLength } = this.options;
    if (size <= maxQueueLength) return;
    throw new ServingError('rejected', `the queue is full: ${maxQueueLength} large requests wait already`);
  }

  private unpack(request: PackedRequest): InferRequest | Promise<InferRequest> {
    if (!this.takesTexts) return request as InferRequest;
    if (packedLength(request) < TEXT_LENGTH) return unpackRequest(request);
    const unpacked = this.work.do(unpackRequestInSlices(request));
    return unpacked instanceof Promise ? during(this.decoding, unpacked) : unpacked;
  }

  private decodeInTurn(body: Buffer, jsonLength: number, holding: Holding): InferRequest | Promise<InferRequest> {
    const decoded = this.work.doInTurn(this.decodeInSlices(body, jsonLength, holding), jsonLength);
    return decoded instanceof Promise ? during(this.inTurn, decoded) : decoded;
  }

  private *decodeInSlices(body: Buffer, jsonLength: number, holding: Holding): Sliced<InferRequest> {
    return yield* unpackRequestInSlices(this.options.decoder.decodePacked(body, jsonLength, holding));
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
    { maxBytes, jsonElements }: AnswerSize,
    holding: Holding,
  ): Promise<InferResponse> {
    const written = await this.work.do(this.writeTexts(request, outputs, holding));
    const textBytes = written.reduce((total, pieces) => total + lengthOf(pieces ?? []), 0);
    // Once more, for all pieces become one body.
    hold(holding, textBytes, request);
    const capacity = maxBytes + textBytes;
    const response =
      jsonElements < ENCODE_ELEMENTS
        ? await this.work.do(joinParts(this.encoder.encodeParts(request, outputs, written), capacity))
        : await this.encodeOnThread(request, outputs, written, capacity);
    adjust(holding, capacity + textBytes, memoryOf(response.body));
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
    capacity: number,
  ): Promise<InferResponse> {
    const { tensors, transfer } = ownBuffers(outputs.map((each, i) => (written[i] ? { ...each, data: [] } : each)));
    const texts = written.map((pieces) => pieces?.map(ownBytes));
    const request = { id, binary, inputs: [], outputs: [] };
    const { body, jsonLength } = await this.runningThread().ask<Extract<FromCodec, { type: 'encoded' }>['result']>(
      { type: 'encode', request, outputs: tensors, written: texts, capacity },
      [...transfer, ...texts.flatMap((pieces) => pieces?.map(({ buffer }) => buffer) ?? [])],
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

/** From what was held for an answer to what it takes, which is more where it has texts. */
function adjust(holding: Holding, held: number, bytes: number): void {
  if (held > bytes) holding.subtract(held - bytes);
  else holding.add(bytes - held);
}

/** What a body takes until it is sent: a string is written once more as UTF-8. */
function memoryOf(body: InferResponse['body']): number {
  if (typeof body !== 'string') return body.length;
  const bytes = Buffer.byteLength(body);
  return bytes + (bytes === body.length ? bytes : 2 * body.length);
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((total, { length }) => total + length, 0);
}
