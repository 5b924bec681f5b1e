import type { Holding } from '../budget/memory-budget';
import { Line } from '../budget/line';
import { ownBytes } from '../codec/messages';
import type { ModelManifest } from '../contract/model-manifest';
import type { PictureInput } from '../contract/picture-input';
import { elementCount } from '../contract/signature';
import { ServingError } from '../base/errors';
import { TYPED_ARRAY, type NumericData } from '../tensor/tensor';
import type { InferRequest } from '../protocol/request';
import { readPictureHeader, type PictureHeader } from './picture-header';
import { LazyThread } from '../threads/lazy-thread';
import type { PictureThread } from './picture-thread';

/**
 * A picture, or the result of a resize's first pass, is large if it has more pixels than this. The thread exits after a
 * large picture, because a decoder's memory is freed only when its thread exits.
 */
const LARGE_PIXELS = 2_000_000;
/** Number of failures after which a thread is replaced, because each failed decoding leaks memory. */
const MAX_FAILURES = 16;

/**
 * Maximum number of waiting pictures with the maximum number of pixels, or a correspondingly larger number of smaller
 * pictures. Four million pixels take up to 0.4 s.
 */
const MAX_WAITING_LARGEST = 16;
/** Number of pixels that may always wait, whatever `maxPixels` is. */
const MIN_WAITING_PIXELS = 16_000_000;

export interface PictureReaderOptions {
  readonly spec: PictureInput;
  readonly outputs: ModelManifest['signature']['outputs'];
  readonly startThread: () => PictureThread;
  /** Maximum number of pictures that wait to be decoded; further pictures are refused immediately. */
  readonly maxQueueLength: number;
  /** Maximum bytes of waiting pictures; a single picture may be larger. */
  readonly maxQueueBytes: number;
  /** Maximum time that a picture may wait; it is not decoded after that. */
  readonly queueTimeoutSeconds: number;
}

/** Memory and decoding time of a waiting picture. */
interface Cost {
  readonly bytes: number;
  readonly pixels: number;
}

/**
 * Converts pictures to requests, on a separate thread that starts with the first picture. The thread decodes one
 * picture at a time, so a crash affects no other picture.
 */
export class PictureReader {
  private readonly thread: LazyThread<PictureThread>;
  private readonly line: Line;
  private waitingBytes = 0;
  private waitingPixels = 0;
  private failures = 0;

  constructor(private readonly options: PictureReaderOptions) {
    this.line = new Line(options.maxQueueLength, 'pictures');
    this.thread = new LazyThread(options.startThread);
  }

  get busy(): boolean {
    return this.line.busy;
  }

  /**
   * Converts a picture to a request. Takes ownership of the body. The decoder's memory counts as the server's own
   * memory, not as the request's, because only one picture is decoded at a time.
   *
   * @param holding Memory of the request. It already counts the body; the elements are added.
   */
  async decode(body: Buffer, isCancelled: () => boolean, holding: Holding): Promise<InferRequest> {
    const { spec, outputs } = this.options;
    const header = readPictureHeader(body);
    const { input: name, datatype, shape } = spec;
    const { width, height } = header;
    if (width * height > spec.maxPixels) {
      const limit = `the limit is ${spec.maxPixels} pixels`;
      throw new ServingError(
        'tooLarge',
        `the picture is ${width} x ${height} pixels, and ${limit}; send a smaller one`,
      );
    }
    const cost = { bytes: body.length, pixels: width * height };
    this.assertRoom(cost);
    const arrived = performance.now();
    let waitedSeconds = 0;
    const data = await this.inTurn(cost, () => {
      waitedSeconds = (performance.now() - arrived) / 1000;
      this.assertInTime(waitedSeconds);
      holding.add(elementCount(shape) * TYPED_ARRAY[datatype].BYTES_PER_ELEMENT);
      return this.elements(body, header, isCancelled);
    });
    return {
      inputs: [{ name, datatype, shape, data }],
      outputs: outputs.map((output) => output.name),
      // FP16 has no JSON form, and a request with a picture has no parameter to ask for binary data.
      binary: outputs.map((output) => output.datatype === 'FP16'),
      // The time limit applies to the sum of this wait and the wait for an executor.
      waitedSeconds,
    };
  }

  /** Ends the thread when its work is done. Call it when no further request can arrive. */
  async close(): Promise<void> {
    await this.thread.closeAfter(this.line.finished());
  }

  private assertRoom({ bytes, pixels }: Cost): void {
    this.line.assertRoom();
    const { maxQueueBytes, spec } = this.options;
    if (this.busy && this.waitingBytes + bytes > maxQueueBytes) {
      throw new ServingError(
        'rejected',
        `the queue is full: ${this.waitingBytes} bytes of pictures are already waiting`,
      );
    }
    const maxPixels = Math.max(MAX_WAITING_LARGEST * spec.maxPixels, MIN_WAITING_PIXELS);
    if (this.busy && this.waitingPixels + pixels > maxPixels) {
      throw new ServingError(
        'rejected',
        `the queue is full: pictures totalling ${this.waitingPixels} pixels are already waiting`,
      );
    }
  }

  private assertInTime(waitedSeconds: number): void {
    const { queueTimeoutSeconds } = this.options;
    if (waitedSeconds < queueTimeoutSeconds) return;
    throw new ServingError(
      'timeout',
      `the picture was not decoded, because its turn did not come within ${queueTimeoutSeconds} s`,
    );
  }

  private async inTurn<T>({ bytes, pixels }: Cost, step: () => Promise<T>): Promise<T> {
    this.waitingBytes += bytes;
    this.waitingPixels += pixels;
    try {
      return await this.line.pass(step);
    } finally {
      this.waitingBytes -= bytes;
      this.waitingPixels -= pixels;
    }
  }

  private async elements(body: Buffer, header: PictureHeader, isCancelled: () => boolean): Promise<NumericData> {
    if (this.thread.closing) throw new ServingError('unavailable', 'the server is shutting down');
    if (isCancelled()) throw new ServingError('cancelled', 'the client disconnected before its picture was decoded');
    const bytes = ownBytes(body);
    try {
      const message = { type: 'decode', body: bytes, format: header.format } as const;
      return await this.thread.running().ask<NumericData>(message, [bytes.buffer]);
    } catch (error) {
      this.failures++;
      throw error;
    } finally {
      if (this.failures >= MAX_FAILURES || this.takesMemory(header)) this.replaceThread();
    }
  }

  private takesMemory({ width, height }: PictureHeader): boolean {
    // EXIF may rotate the picture.
    return Math.max(width * height, this.options.spec.width * Math.max(width, height)) > LARGE_PIXELS;
  }

  /** Frees the memory of the decoder; the next picture starts a new thread. */
  private replaceThread(): void {
    this.failures = 0;
    void this.thread.end();
  }
}
