import type { z } from 'zod/mini';
import type { classOutputSchema, pictureInputSchema } from './schemas';

export const PICTURE_COLORS = ['gray', 'rgb', 'bgr'] as const;
export const PICTURE_FITS = ['stretch', 'cover', 'contain'] as const;
/** What pixels can become: other types are for a Cast in the graph. */
export const PICTURE_DATATYPES = ['FP32', 'FP64', 'UINT8'] as const;

/** How a picture becomes the model's input, with all that the signature tells filled in. */
export type PictureInput = z.infer<typeof pictureInputSchema>;

/** How the model's answer becomes a class. */
export type ClassOutput = z.infer<typeof classOutputSchema>;

/** Pixels of a picture before it is resized: what a decoder needs of memory grows with them. */
export const DEFAULT_MAX_PIXELS = 4096 * 4096;

export function channelsOf(color: PictureInput['color']): 1 | 3 {
  return color === 'gray' ? 1 : 3;
}
