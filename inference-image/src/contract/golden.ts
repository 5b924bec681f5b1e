import type { z } from 'zod/mini';
import type { goldenExampleSchema, goldenFileSchema, goldenRequestSchema, toleranceSchema } from './schemas';

/** Allowed difference of a floating point value: |got - expected| <= absolute + relative * |expected|. */
export type Tolerance = z.infer<typeof toleranceSchema>;

/** An input or output of an example: its elements are in `data`, or as bytes in `file`. */
export type GoldenTensor = GoldenExample['response']['outputs'][number];

/** A request as HTTP takes it, but that an input may have its elements in a file. */
export type GoldenRequest = z.infer<typeof goldenRequestSchema>;

/** A request, or the picture that makes one, and the response that the model must give to it, in the protocol's own JSON. */
export type GoldenExample = z.infer<typeof goldenExampleSchema>;

/** golden.json: examples that a container reproduces before it is ready. */
export type GoldenFile = z.infer<typeof goldenFileSchema>;

/** The files that the examples name, relative to golden.json, each once: pictures, and those that hold elements. */
export function namedFiles(examples: readonly GoldenExample[]): string[] {
  const named = examples.flatMap(({ request, picture, response }) => {
    const tensors = [...(request?.inputs ?? []), ...response.outputs];
    return [picture, ...tensors.map(({ file }) => file)];
  });
  return [...new Set(named.filter((file) => file !== undefined))];
}
