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
