/**
 * What is checked when the container starts. Kept apart from the plain types and constants of the contract,
 * since loading zod takes a third of the time of a whole synth.
 */
// As a namespace: a bundle then leaves out zod's locales, three quarters of it.
import * as z from 'zod';
import { CONTRACT_VERSION } from './model-manifest';
import { DATATYPES } from './signature';

export const tensorSignatureSchema = z.strictObject({
  name: z.string().min(1),
  datatype: z.enum(DATATYPES),
  dimensions: z.array(z.union([z.int().nonnegative(), z.string().min(1), z.null()])),
});

export const signatureSchema = z.strictObject({
  inputs: z.array(tensorSignatureSchema).min(1),
  outputs: z.array(tensorSignatureSchema).min(1),
});

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits');

export const modelFileSchema = z.strictObject({
  /** Relative to the model folder, with forward slashes. */
  path: z.string().regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must stay inside the model folder'),
  sha256: sha256Schema,
  sizeBytes: z.int().nonnegative(),
});

export const modelManifestSchema = z.strictObject({
  contractVersion: z.literal(CONTRACT_VERSION),
  name: z.string().min(1),
  version: z.string().min(1),
  /** Identity of the model: `modelDigest` of its files. */
  sha256: sha256Schema,
  /** model.onnx first, then external data, then golden examples where there are some. */
  files: z.array(modelFileSchema).min(1),
  signature: signatureSchema,
});

export const toleranceSchema = z.strictObject({
  absolute: z.number().nonnegative().default(1e-5),
  relative: z.number().nonnegative().default(1e-4),
});

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
  tolerance: toleranceSchema.prefault({}),
});

export const goldenFileSchema = z.strictObject({ examples: z.array(goldenExampleSchema).min(1) });

const wholeNumber = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

/**
 * Names never end in _PORT or _SERVICE_HOST: Kubernetes injects such variables for each Service,
 * and a Service called "model-serving-http" must not configure a model server.
 */
export const settingsSchema = z.object({
  /** Folder with model.json and the files it names. */
  modelFolder: z.string().min(1).default('/model'),
  /** The model that the deployment expects; an image with another one never becomes ready. */
  expectedSha256: sha256Schema.optional(),
  host: z.string().min(1).default('0.0.0.0'),
  httpPortNumber: wholeNumber(0, 65535).default(8080),
  metricsPortNumber: wholeNumber(0, 65535).default(8082),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Worker threads, each with a session of its own. */
  executors: wholeNumber(1, 256).default(1),
  /** Threads of each session; by default the CPU quota divided by the executors. */
  threadsPerExecutor: wholeNumber(1, 256).optional(),
  /** Requests that may wait for an executor; one more is refused with 429. */
  maxQueueLength: wholeNumber(1, 1_000_000).default(256),
  /** Longest time from a request's arrival to the start of its run; later it is answered with 504. */
  queueTimeoutSeconds: z.coerce.number().positive().max(86_400).default(30),
  /** Largest request body, after decompression. */
  maxRequestBytes: wholeNumber(1, 2 ** 31 - 1).default(64 * 1024 * 1024),
  /** After SIGTERM, how long to go on serving while load balancers take this replica out. */
  drainSeconds: z.coerce.number().nonnegative().max(3600).default(5),
});
