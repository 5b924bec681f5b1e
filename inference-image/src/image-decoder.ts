import { parentPort, workerData } from 'node:worker_threads';
import type { ImageInput } from './contract/image-input';
import { elementsOf } from './image/elements';
import { fitPicture } from './image/fit';
import type { ImageHeader } from './image/image-header';
import { ImageLibraries } from './image/libraries';
import type { FromImageDecoder, ToImageDecoder } from './image/messages';
import { checkJpegScans } from './image/jpeg-segments';
import { neededPngChunks } from './image/png-chunks';
import { checkPngData } from './image/png-data';
import { toFailure } from './inference/executor-messages';

/** What decoders let pass is refused, and what they do not need is left out. */
async function toDecode(body: Buffer, format: ImageHeader['format'], { maxPixels }: ImageInput): Promise<Uint8Array> {
  if (format === 'jpeg') {
    checkJpegScans(body, maxPixels);
    return body;
  }
  const { file, data } = neededPngChunks(body);
  await checkPngData(body, data);
  return file;
}

/** A decoder's thread: pictures become the elements of the model's input, apart from the event loop. */
function serve(port: NonNullable<typeof parentPort>, spec: ImageInput): void {
  const libraries = new ImageLibraries();

  const answer = async ({ body, format }: ToImageDecoder & { type: 'decode' }): Promise<void> => {
    const file = await toDecode(Buffer.from(body.buffer, body.byteOffset, body.byteLength), format, spec);
    const picture = await libraries.decode(file, format);
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
