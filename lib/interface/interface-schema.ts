import * as z from 'zod/mini';
import { classOutputSchema, pictureInputSchema, signatureSchema } from '../../inference-image/src/contract/schemas';

const text = () => z.string().check(z.minLength(1));

/** Schema of an accepted interface. This module is loaded only for files that are not in the cache. */
export const interfaceSchema = z.strictObject({
  interfaceVersion: z.literal(1),
  name: text(),
  version: text(),
  ...signatureSchema.shape,
  picture: z.optional(z.pick(pictureInputSchema, { maxPixels: true })),
  classes: z.optional(z.omit(classOutputSchema, { output: true })),
});
