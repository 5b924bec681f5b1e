import type { z } from 'zod/mini';
import type { goldenExampleSchema, goldenFileSchema, goldenRequestSchema, toleranceSchema } from './schemas';

/** Allowed difference of a floating-point value: |actual - expected| <= absolute + relative * |expected|. */
export type Tolerance = z.infer<typeof toleranceSchema>;

/** Input or output of an example, with its elements in `data`, or as bytes in `file`. */
export type GoldenTensor = GoldenExample['response']['outputs'][number];

/** Inference request in the HTTP format, except that an input may have its elements in a file. */
export type GoldenRequest = z.infer<typeof goldenRequestSchema>;

/** Request or picture, and the expected response, in the protocol's JSON. */
export type GoldenExample = z.infer<typeof goldenExampleSchema>;

/** golden.json: examples that a container reproduces before it is ready. */
export type GoldenFile = z.infer<typeof goldenFileSchema>;

/** Files that the examples refer to (pictures and elements), relative to golden.json, without duplicates. */
export function namedFiles(examples: readonly GoldenExample[]): string[] {
  const named = examples.flatMap(({ request, picture, response }) => {
    const tensors = [...(request?.inputs ?? []), ...response.outputs];
    return [picture, ...tensors.map(({ file }) => file)];
  });
  return [...new Set(named.filter((file) => file !== undefined))];
}
