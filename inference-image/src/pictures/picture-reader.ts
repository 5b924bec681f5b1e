import type { Holding } from '../budget/holding';
import { Line } from '../budget/line';
import { ownBytes } from '../codec/transfer';
import type { ModelManifest } from '../contract/model-manifest';
import type { PictureInput } from '../contract/picture-input';
import { elementCount } from '../contract/signature';
import { ServingError } from '../errors';
import { TYPED_ARRAY, type NumericData } from '../inference/tensor';
import type { InferRequest } from '../protocol/infer-request';
import { readPictureHeader, type PictureHeader } from './picture-header';
import type { PictureThread } from './picture-thread';

/**
 * A decoder's memory is freed only when its thread ends. The thread therefore ends after pictures, or passes of a
 * resize, of this size.
 */
const LARGE_PIXELS = 2_000_000;
/** Limit for a thread, because a failed decode leaks memory. */
const MAX_FAILURES = 16;

/**
 * Maximum waiting pictures of the largest size, and correspondingly more smaller ones: four million pixels take up to
 * 0.4 s.
 */
const MAX_WAITING_LARGEST = 16;
/** This many pixels may always wait. */
const MIN_WAITING_PIXELS = 16_000_000;

export interface PictureReaderOptions {
  readonly spec: PictureInput;
  readonly outputs: ModelManifest['signature']['outputs'];
  readonly startThread: () => PictureThread;
  /** Maximum pictures that wait to be decoded; further ones are refused at once. */
  readonly maxQueueLength: number;
  /** Maximum bytes that wait; a single picture may be larger. */
  readonly maxQueueBytes: number;
  /** Maximum wait, after which a picture is not decoded. */
  readonly queueTimeoutSeconds: number;
}

/** Memory and decoding time of a waiting picture. */
interface Cost {
  readonly bytes: number;
  readonly pixels: number;
}

/**
 * Converts pictures to requests, on a separate thread that starts with the first picture. The thread gets one picture
 * at a time, so a crash affects no other picture.
 */
export class PictureReader {
  private thread?: PictureThread;
  private readonly line: Line;
  private waitingBytes = 0;
  private waitingPixels = 0;
  private failures = 0;
  private closed = false;

  constructor(private readonly options: PictureReaderOptions) {
    this.line = new Line(options.maxQueueLength, 'pictures');
  }

  get busy(): boolean {
    return this.line.busy;
  }

  /**
   * Takes ownership of the body. The decoder's memory counts as the server's own, because only one picture is decoded
   * at a time.
   *
   * @param holding Memory of the request: the body, and then the elements too
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
      // A picture cannot request binary data, and FP16 has no JSON form.
      binary: outputs.map((output) => output.datatype === 'FP16'),
      // The limit applies to the sum of both waits.
      waitedSeconds,
    };
  }

  /** Ends the thread when its work is done. Call it when no further request can arrive. */
  async close(): Promise<void> {
    this.closed = true;
    await this.line.finished();
    await this.endThread();
  }

  private assertRoom({ bytes, pixels }: Cost): void {
    this.line.assertRoom();
    const { maxQueueBytes, spec } = this.options;
    if (this.busy && this.waitingBytes + bytes > maxQueueBytes) {
      throw new ServingError(
        'rejected',
        `the queue is full: ${this.waitingBytes} bytes of pictures are waiting already`,
      );
    }
    const maxPixels = Math.max(MAX_WAITING_LARGEST * spec.maxPixels, MIN_WAITING_PIXELS);
    if (this.busy && this.waitingPixels + pixels > maxPixels) {
      throw new ServingError(
        'rejected',
        `the queue is full: ${this.waitingPixels} pixels of pictures are waiting already`,
      );
    }
  }

  private assertInTime(waitedSeconds: number): void {
    const { queueTimeoutSeconds } = this.options;
    if (waitedSeconds < queueTimeoutSeconds) return;
    throw new ServingError('timeout', `decoding of the picture did not start within ${queueTimeoutSeconds} s`);
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
    if (this.closed) throw new ServingError('unavailable', 'the server is shutting down');
    if (isCancelled()) throw new ServingError('cancelled', 'the client disconnected before its picture was decoded');
    const bytes = ownBytes(body);
    try {
      const message = { type: 'decode', body: bytes, format: header.format } as const;
      return await (this.thread ??= this.start()).ask<NumericData>(message, [bytes.buffer]);
    } catch (error) {
      this.failures++;
      throw error;
    } finally {
      if (this.failures >= MAX_FAILURES || this.takesMemory(header)) void this.endThread();
    }
  }

  private takesMemory({ width, height }: PictureHeader): boolean {
    // EXIF may rotate the picture.
    return Math.max(width * height, this.options.spec.width * Math.max(width, height)) > LARGE_PIXELS;
  }

  private async endThread(): Promise<void> {
    const { thread } = this;
    this.thread = undefined;
    this.failures = 0;
    await thread?.close();
  }

  private start(): PictureThread {
    const thread = this.options.startThread();
    void thread.ended.then(() => {
      if (this.thread === thread) this.thread = undefined;
    });
    return thread;
  }
}
