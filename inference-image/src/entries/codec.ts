import { parentPort, workerData } from 'node:worker_threads';
import { type CodecModel, type FromCodec, ownBuffers, type ToCodec } from '../codec/messages';
import { toFailure } from '../threads/thread-messages';
import { InferRequestDecoder } from '../protocol/infer-request';
import { InferResponseEncoder, joinParts } from '../protocol/infer-response';
import type { ParsedRequest } from '../protocol/request-structure';
import { finish } from '../base/sliced-work';

type Port = NonNullable<typeof parentPort>;
type Message<T extends ToCodec['type']> = Extract<ToCodec, { type: T }>;

interface Kept {
  readonly parsed: ParsedRequest;
  readonly body: Buffer;
  readonly jsonLength: number;
}

/** The codec thread: reads and writes large JSON bodies so that the event loop stays free for health checks. */
class CodecServer {
  private readonly decoder: InferRequestDecoder;
  private readonly encoder: InferResponseEncoder;
  /** Parsed bodies, kept until the main thread has reserved memory for their elements. */
  private readonly kept = new Map<number, Kept>();

  constructor(
    private readonly port: Port,
    model: CodecModel,
  ) {
    this.decoder = new InferRequestDecoder(model.signature);
    this.encoder = new InferResponseEncoder(model);
    port.on('message', (message: ToCodec) => {
      // Without an open port, the thread exits, but never in the middle of a task.
      if (message.type === 'close') return port.close();
      try {
        this.answer(message);
      } catch (error) {
        port.postMessage(toFailure(error));
      }
    });
  }

  private answer(message: Exclude<ToCodec, { type: 'close' }>): void {
    switch (message.type) {
      case 'parse':
        return this.reply({ type: 'parsed', result: this.parse(message) });
      case 'read':
        return this.read(this.take(message.ticket));
      case 'drop':
        this.kept.delete(message.ticket);
        return this.reply({ type: 'dropped', result: null });
      case 'encode':
        return this.encode(message);
    }
  }

  private parse({ ticket, body: bytes, jsonLength }: Message<'parse'>): number {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const parsed = this.decoder.parse(body.subarray(0, jsonLength));
    const decodedBytes = this.decoder.decodedBytes(parsed, body.length - jsonLength);
    this.kept.set(ticket, { parsed, body, jsonLength });
    return decodedBytes;
  }

  private take(ticket: number): Kept {
    const kept = this.kept.get(ticket) as Kept;
    this.kept.delete(ticket);
    return kept;
  }

  private read({ parsed, body, jsonLength }: Kept): void {
    const request = this.decoder.decodeParsed(parsed, body, jsonLength);
    const { tensors: inputs, transfer } = ownBuffers(request.inputs);
    this.reply({ type: 'decoded', result: { ...request, inputs } }, transfer);
  }

  private encode({ request, outputs, written, capacity }: Message<'encode'>): void {
    const response = finish(joinParts(this.encoder.encodeParts(request, outputs, written), capacity));
    const body = response.body as Buffer<ArrayBuffer>;
    this.reply({ type: 'encoded', result: { body, jsonLength: response.jsonLength } }, [body.buffer]);
  }

  private reply(message: FromCodec, transfer: ArrayBuffer[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

if (parentPort) new CodecServer(parentPort, workerData as CodecModel);
