import type { z } from 'zod/mini';
import type { classOutputSchema, pictureInputSchema } from './schemas';

/** Conversion of a picture to the model's input, including the values that follow from the signature. */
export type PictureInput = z.infer<typeof pictureInputSchema>;

/** Conversion of the model's answer to a class. */
export type ClassOutput = z.infer<typeof classOutputSchema>;

/**
 * Default limit on the number of pixels of an uploaded picture before resizing. This number determines how much memory
 * the decoder needs.
 */
export const DEFAULT_MAX_PIXELS = 4096 * 4096;

export function channelsOf(color: PictureInput['color']): 1 | 3 {
  return color === 'gray' ? 1 : 3;
}

/** https://www.w3.org/TR/png-3/#3PNGsignature */
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/**
 * The start-of-image marker, and the first byte of the marker after it: https://www.w3.org/Graphics/JPEG/itu-t81.pdf,
 * table B.1
 */
const JPEG_START = Buffer.from([0xff, 0xd8, 0xff]);

/** Format of a file according to its first bytes, because names and content types are not reliable. */
export function pictureFormat(body: Buffer): 'png' | 'jpeg' | undefined {
  if (startsWith(body, PNG_SIGNATURE)) return 'png';
  return startsWith(body, JPEG_START) ? 'jpeg' : undefined;
}

function startsWith(body: Buffer, start: Buffer): boolean {
  return body.length >= start.length && start.compare(body, 0, start.length) === 0;
}
