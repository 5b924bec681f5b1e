import { parentPort, workerData } from 'node:worker_threads';
import type { ImageInput } from './contract/image-input';
import { elementsOf } from './image/elements';
import { fitPicture } from './image/fit';
import { ImageLibraries } from './image/libraries';
import type { FromImageDecoder, ToImageDecoder } from './image/messages';
import { checkJpegScans } from './image/jpeg-segments';
import { checkPngChunks } from './image/png-chunks';
import { toFailure } from './inference/executor-messages';

/** What decoders let pass. */
const CHECKS = { png: checkPngChunks, jpeg: checkJpegScans };

/** A decoder's thread: pictures become the elements of the model's input, apart from the event loop. */
function serve(port: NonNullable<typeof parentPort>, spec: ImageInput): void {
  const libraries = new ImageLibraries();

  const answer = async ({ body, format }: ToImageDecoder & { type: 'decode' }): Promise<void> => {
    CHECKS[format](Buffer.from(body.buffer, body.byteOffset, body.byteLength));
    const picture = await libraries.decode(body, format);
    const fitted = fitPicture(picture, spec, (from, width, height) => libraries.resize(from, width, height));
    const result = elementsOf(fitted, spec);
    port.postMessage({ type: 'decoded', result } satisfies FromImageDecoder, [result.buffer]);
  };

  port.on('message', (message: ToImageDecoder) => {
    // Without its port the thread has nothing left to do and ends by itself.
    if (message.type === 'close') return port.close();
    answer(message).catch((error: unknown) => port.postMessage(toFailure(error)));
  });
}

if (parentPort) serve(parentPort, workerData as ImageInput);
