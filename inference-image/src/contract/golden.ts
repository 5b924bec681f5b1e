import type { z } from 'zod/mini';
import type { goldenExampleSchema, goldenFileSchema, toleranceSchema } from './schemas';

/** Allowed difference of a floating point value: |got - expected| <= absolute + relative * |expected|. */
export type Tolerance = z.infer<typeof toleranceSchema>;

/** A request and the response that the model must give to it, both in the protocol's own JSON. */
export type GoldenExample = z.infer<typeof goldenExampleSchema>;

/** golden.json: examples that a container reproduces before it is ready. */
export type GoldenFile = z.infer<typeof goldenFileSchema>;
