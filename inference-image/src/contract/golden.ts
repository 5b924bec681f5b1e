import type { z } from 'zod/mini';
import type { RowAxes } from './batching-verdict';
import type { GivenSizes } from './given-sizes';
import type { InputValuesByName } from './input-values';
import type { PictureInput } from './picture-input';
import type { goldenExampleSchema, goldenFileSchema, goldenRequestSchema, toleranceSchema } from './schemas';
import type { Datatype, Signature } from './signature';

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

/**
 * Messages to and from tools/golden-program.ts, which runs or records golden examples in a process outside containers.
 */

export interface GoldenOrder {
  readonly modelPath: string;
  readonly signature: Signature;
  /** Row axes for generated requests; undefined if independence is not proved. */
  readonly axes?: RowAxes;
  /** Values that the graph accepts at each input; used to generate requests. */
  readonly takes?: InputValuesByName;
  /** Set if the model accepts pictures. */
  readonly picture?: PictureInput;
  /** Path of a golden file to reproduce, or requests to record. */
  readonly task: { readonly check: string } | RecordTask;
}

/** Requests whose answers are recorded, or the number of requests to generate. */
export type RecordTask =
  | { readonly record: readonly RecordedRequest[] }
  | { readonly random: { readonly count: number; readonly seed: number; readonly sizes: GivenSizes } };

/** Request to record; `name` becomes the name of its example. */
export type RecordedRequest =
  | {
      readonly name: string;
      /** Request as JSON text, so that 64-bit integers stay exact. */
      readonly json: string;
      /** Folder of the files that the request refers to. */
      readonly folder: string;
    }
  /** `picture` is the path of a PNG or JPEG file. */
  | { readonly name: string; readonly picture: string }
  | { readonly name: string; readonly arrays: readonly RequestedArray[] };

/** Input tensor, with elements in the format of the binary tensor extension, in base64. */
export interface RequestedArray {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly base64: string;
}

export type GoldenReport =
  | { readonly differences: readonly GoldenDifference[] }
  | { readonly recorded: readonly RecordedExample[] }
  | { readonly unusable: UnusableAnswers }
  | { readonly failure: string }
  /** The runtime cannot run on this machine. */
  | { readonly unavailable: string };

/** Answers that could not detect a changed model, or that a second run does not reproduce. */
export type UnusableAnswers =
  /** The model refuses the request, or all generated requests. */
  | { readonly kind: 'refused'; readonly example?: string; readonly reason: string }
  | { readonly kind: 'nan'; readonly example?: string; readonly output: string; readonly elements: number }
  /** All `count` different requests have the same answer. */
  | { readonly kind: 'constant'; readonly count: number }
  | { readonly kind: 'random'; readonly example: string; readonly difference: string };

/** Difference between an output and its expected value. */
export interface GoldenDifference {
  /** Name of the example. */
  readonly example: string;
  readonly what: string;
  /** Whether the example could not be read, and was therefore not run. */
  readonly isRefused: boolean;
}

export interface RecordedExample {
  readonly name: string;
  /** Inputs of the request; undefined for a picture. */
  readonly inputs?: readonly RecordedTensor[];
  /** Path of the picture as the user gave it. */
  readonly picture?: string;
  readonly outputs: readonly RecordedTensor[];
  /** Description of an output that rounding changes by more than the largest tolerance. */
  readonly unstable?: string;
}

/** Elements as JSON text; or as bytes in base64 if there are many, or if they have no JSON form. */
export interface RecordedTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly elements: { readonly json: string } | { readonly base64: string };
  /** Absolute difference that rounding may cause in this floating-point output. */
  readonly tolerance?: number;
}
