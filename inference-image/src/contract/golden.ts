import type { z } from 'zod/mini';
import type { goldenExampleSchema, goldenFileSchema, goldenRequestSchema, toleranceSchema } from './schemas';

/** Allowed difference of a floating point value: |got - expected| <= absolute + relative * |expected|. */
export type Tolerance = z.infer<typeof toleranceSchema>;

/** An input or output of an example: its elements are in `data`, or as bytes in `file`. */
export type GoldenTensor = GoldenExample['response']['outputs'][number];

/** A request as HTTP takes it, but that an input may have its elements in a file. */
export type GoldenRequest = z.infer<typeof goldenRequestSchema>;

/** A request and the response that the model must give to it, both in the protocol's own JSON. */
export type GoldenExample = z.infer<typeof goldenExampleSchema>;

/** golden.json: examples that a container reproduces before it is ready. */
export type GoldenFile = z.infer<typeof goldenFileSchema>;

/** The files that hold elements of the examples, relative to golden.json, each once. */
export function goldenFiles(examples: readonly GoldenExample[]): string[] {
  const tensors = examples.flatMap(({ request, response }) => [...request.inputs, ...response.outputs]);
  return [...new Set(tensors.flatMap(({ file }) => file ?? []))];
}
