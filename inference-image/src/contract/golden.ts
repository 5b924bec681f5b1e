import { z } from 'zod';
import { DATATYPES } from './signature';

/** Allowed difference of a floating point value: |got - expected| <= absolute + relative * |expected|. */
export const toleranceSchema = z.strictObject({
  absolute: z.number().nonnegative().default(1e-5),
  relative: z.number().nonnegative().default(1e-4),
});

export type Tolerance = z.infer<typeof toleranceSchema>;

const goldenTensorSchema = z.looseObject({
  name: z.string().min(1),
  datatype: z.enum(DATATYPES),
  shape: z.array(z.int().nonnegative()),
  data: z.array(z.unknown()),
});

export const goldenExampleSchema = z.strictObject({
  name: z.string().min(1),
  request: z.looseObject({ inputs: z.array(goldenTensorSchema).min(1) }),
  response: z.looseObject({ outputs: z.array(goldenTensorSchema).min(1) }),
  tolerance: toleranceSchema.default({ absolute: 1e-5, relative: 1e-4 }),
});

/** A request and the response that the model must give to it, both in the protocol's own JSON. */
export type GoldenExample = z.infer<typeof goldenExampleSchema>;

export const goldenFileSchema = z.strictObject({ examples: z.array(goldenExampleSchema).min(1) });

/** golden.json: examples that a container reproduces before it is ready. */
export type GoldenFile = z.infer<typeof goldenFileSchema>;
