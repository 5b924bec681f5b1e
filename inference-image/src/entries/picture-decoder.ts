import { parentPort, workerData } from 'node:worker_threads';
import type { PictureInput } from '../contract/picture-input';
import { elementsOf, fitPicture } from '../pictures/pixels';
import type { PictureHeader } from '../pictures/picture-header';
import { PictureLibraries } from '../pictures/libraries';
import type { FromPictureDecoder, ToPictureDecoder } from '../pictures/picture-thread';
import { checkJpegScans } from '../pictures/jpeg-segments';
import { checkPngData, neededPngChunks } from '../pictures/png';
import { toFailure } from '../threads/thread-messages';

/**
 * Prepares a file for its decoder: refuses files with faults that decoders would accept, and omits parts that they do
 * not need.
 */
async function toDecode(
  body: Buffer,
  format: PictureHeader['format'],
  { maxPixels }: PictureInput,
): Promise<Uint8Array> {
  if (format === 'jpeg') {
    checkJpegScans(body, maxPixels);
    return body;
  }
  const { file, data } = neededPngChunks(body);
  await checkPngData(body, data);
  return file;
}

/** The thread of a decoder: converts pictures to elements of the model's input, so that the event loop stays free. */
function serve(port: NonNullable<typeof parentPort>, spec: PictureInput): void {
  const libraries = new PictureLibraries();

  const answer = async ({ body, format }: ToPictureDecoder & { type: 'decode' }): Promise<void> => {
    const file = await toDecode(Buffer.from(body.buffer, body.byteOffset, body.byteLength), format, spec);
    const picture = await libraries.decode(file, format);
    const fitted = fitPicture(picture, spec, (from, width, height) => libraries.resize(from, width, height));
    const result = elementsOf(fitted, spec);
    port.postMessage({ type: 'decoded', result } satisfies FromPictureDecoder, [result.buffer]);
  };

  port.on('message', (message: ToPictureDecoder) => {
    // Without an open port, the thread exits.
    if (message.type === 'close') return port.close();
    answer(message).catch((error: unknown) => port.postMessage(toFailure(error)));
  });
}

if (parentPort) serve(parentPort, workerData as PictureInput);
