import { parentPort, workerData } from 'node:worker_threads';
import type { CodecModel, FromCodec, ToCodec } from './codec/messages';
import { ownBuffers, ownBytes } from './codec/transfer';
import { toFailure } from './inference/executor-messages';
import { InferRequestDecoder } from './protocol/infer-request';
import { InferResponseEncoder } from './protocol/infer-response';

/** A codec's thread: reads and writes large JSON bodies apart from the event loop that answers health checks. */
function serve(port: NonNullable<typeof parentPort>, model: CodecModel): void {
  const decoder = new InferRequestDecoder(model.signature);
  const encoder = new InferResponseEncoder(model);

  const answer = (message: Exclude<ToCodec, { type: 'close' }>): void => {
    if (message.type === 'decode') {
      const { buffer, byteOffset, byteLength } = message.body;
      const request = decoder.decode(Buffer.from(buffer, byteOffset, byteLength), message.jsonLength);
      const { tensors: inputs, transfer } = ownBuffers(request.inputs);
      return port.postMessage({ type: 'decoded', result: { ...request, inputs } } satisfies FromCodec, transfer);
    }
    const { body: written, jsonLength } = encoder.encode(message.request, message.outputs);
    const body = ownBytes(typeof written === 'string' ? Buffer.from(written) : written);
    port.postMessage({ type: 'encoded', result: { body, jsonLength } } satisfies FromCodec, [body.buffer]);
  };

  port.on('message', (message: ToCodec) => {
    // Without its port the thread has nothing left to do and ends by itself, never during its work.
    if (message.type === 'close') return port.close();
    try {
      answer(message);
    } catch (error) {
      port.postMessage(toFailure(error));
    }
  });
}

if (parentPort) serve(parentPort, workerData as CodecModel);
