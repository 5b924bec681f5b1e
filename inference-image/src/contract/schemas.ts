/**
 * Schemas that are checked when the container starts. They are separate from the plain types and constants of the
 * contract, because loading zod would make a synth take a third longer. They use zod/mini, because loading zod itself
 * would add 13 ms to the startup.
 */
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.cjs';
import {
  CONTRACT_VERSION,
  DATATYPES,
  PICTURE_COLORS,
  PICTURE_DATATYPES,
  PICTURE_FITS,
  SETTING_DEFAULTS,
} from './constants';

z.config(en());

const text = () => z.string().check(z.minLength(1));
const count = () => z.int().check(z.nonnegative());
const sha256 = () => z.string().check(z.regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits'));

export const tensorSignatureSchema = z.strictObject({
  name: text(),
  datatype: z.enum(DATATYPES),
  dimensions: z.array(z.union([count(), text(), z.null()])),
});

export const signatureSchema = z.strictObject({
  inputs: z.array(tensorSignatureSchema).check(z.minLength(1)),
  outputs: z.array(tensorSignatureSchema).check(z.minLength(1)),
});

export const modelFileSchema = z.strictObject({
  /** Path relative to the model folder, with forward slashes. */
  path: z.string().check(z.regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must stay inside the model folder')),
  sha256: sha256(),
  sizeBytes: count(),
});

const positive = () => z.int().check(z.positive());
/** One number for each channel. */
const perChannel = () => z.array(z.number()).check(z.minLength(1));

export const pictureInputSchema = z.strictObject({
  input: text(),
  datatype: z.enum(PICTURE_DATATYPES),
  /** Shape of the input for one picture, in which each dimension that is not fixed has size 1. */
  shape: z.array(positive()),
  width: positive(),
  height: positive(),
  color: z.enum(PICTURE_COLORS),
  /** Whether each channel is a separate plane (NCHW), or the channels of a pixel are adjacent (NHWC). */
  planar: z.boolean(),
  invert: z.boolean(),
  fit: z.enum(PICTURE_FITS),
  /** Gray level of the background. */
  background: count().check(z.lte(255)),
  /** Factor in the formula of an element: (level * scale - mean) / std. */
  scale: z.number(),
  mean: perChannel(),
  std: perChannel(),
  maxPixels: positive(),
});

export const classOutputSchema = z.strictObject({
  output: text(),
  /** What the output contains: a score for each class, the index of the class, or its name. */
  kind: z.enum(['scores', 'index', 'label']),
  softmax: z.boolean(),
  /** Names in the order of the scores or indices. @default - classes are named by their indices or labels */
  names: z.optional(z.array(text()).check(z.minLength(1))),
});

const obstacle = {
  /** Name of the node; the names of its outputs if the node has no name. */
  node: text(),
  /**
   * Name of the operator, such as `Softmax`. A domain other than ai.onnx is included, as in `com.microsoft:Attention`.
   */
  operator: text(),
  reason: text(),
};

export const batchingVerdictSchema = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('independent'),
    /**
     * Axis that counts rows, for each input in the order of the signature; null if all requests of a run share the
     * input's value.
     */
    inputAxes: z.array(z.nullable(count())),
    /** Axis that counts rows, for each output in the order of the signature. */
    outputAxes: z.array(count()),
    /** Largest size that any other axis may have; beyond it, independence is not proved. @default - 2^28 */
    maxSize: z.optional(count()),
  }),
  z.strictObject({ verdict: z.literal('coupled'), ...obstacle }),
  z.strictObject({ verdict: z.literal('not understood'), ...obstacle }),
  z.strictObject({ verdict: z.literal('fixed'), reason: text() }),
]);

/** Fields of model.json. */
export const manifestFields = z.strictObject({
  /** Version 1 has no `batching`. */
  contractVersion: z.literal([1, CONTRACT_VERSION]),
  name: text(),
  version: text(),
  /** Identity of the model: `modelDigest` of its files. */
  sha256: sha256(),
  /** Files in this order: model.onnx, external data, golden.json and the files of its tensors. */
  files: z.array(modelFileSchema).check(z.minLength(1)),
  signature: signatureSchema,
  /** @default - nothing is proved, and requests share no runs */
  batching: z.optional(batchingVerdictSchema),
  /**
   * Set if the runtime would crash on an empty input, or answer with uninitialized memory. Contains the node, if it is
   * known. `unless` names the dimensions that may be empty, but only one at a time.
   *
   * @default - the runtime handles empty inputs, as far as is known
   */
  unsafeOnEmptyInput: z.optional(
    z.strictObject({ node: z.optional(text()), operator: z.optional(text()), unless: z.optional(z.array(text())) }),
  ),
  /** Model card, for clients to read; the server does not interpret it. */
  properties: z.optional(z.record(text(), text())),
  /**
   * Conversion of pictures, for models that accept them. The key stays `image`, because servers in existing images read
   * it.
   */
  image: z.optional(pictureInputSchema),
  /** Conversion of the answer to a class, for models that return one. */
  classes: z.optional(classOutputSchema),
});

const nonNegative = () => z.number().check(z.nonnegative());

export const toleranceSchema = z.strictObject({
  absolute: z._default(nonNegative(), 1e-5),
  relative: z._default(nonNegative(), 1e-4),
});

/** Path with forward slashes, relative to a folder that it must not leave. */
const pathWithin = (where: string) =>
  z.string().check(z.regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\]+$/, `must be a path within ${where}, with "/"`));

const goldenTensorSchema = z.looseObject({
  name: text(),
  datatype: z.enum(DATATYPES),
  shape: z.array(count()),
  /** Exactly one of `data` and `file` is set. */
  data: z.optional(z.array(z.unknown())),
  file: z.optional(pathWithin('the folder of the golden examples')),
});

const hasOneSource = z.refine<{ data?: unknown; file?: unknown }>(
  ({ data, file }) => (data === undefined) !== (file === undefined),
  'must have either data or file',
);

const goldenOutputSchema = z.extend(goldenTensorSchema, {
  /** Tolerance of this output; fields that are not set are taken from the example's tolerance. */
  tolerance: z.optional(z.strictObject({ absolute: z.optional(nonNegative()), relative: z.optional(nonNegative()) })),
});

/** Inference request in the HTTP format, except that an input may have its elements in a file. */
export const goldenRequestSchema = z.looseObject({
  inputs: z.array(goldenTensorSchema.check(hasOneSource)).check(z.minLength(1)),
});

const hasOneRequest = z.refine<{ request?: unknown; picture?: unknown }>(
  ({ request, picture }) => (request === undefined) !== (picture === undefined),
  'must have either request or picture',
);

export const goldenExampleSchema = z
  .strictObject({
    name: text(),
    /** Exactly one of `request` and `picture` is set. */
    request: z.optional(goldenRequestSchema),
    /** PNG or JPEG file, for models that accept pictures. */
    picture: z.optional(pathWithin('the folder of the golden examples')),
    response: z.looseObject({ outputs: z.array(goldenOutputSchema.check(hasOneSource)).check(z.minLength(1)) }),
    tolerance: z.prefault(toleranceSchema, {}),
  })
  .check(hasOneRequest);

export const goldenFileSchema = z.strictObject({ examples: z.array(goldenExampleSchema).check(z.minLength(1)) });

const wholeNumber = (minimum: number, maximum: number) =>
  z.coerce.number().check(z.int(), z.gte(minimum), z.lte(maximum));

const timeLimit = () => z.coerce.number().check(z.positive(), z.lte(86_400));

/** A boolean; also accepts the text of an environment variable. */
const onOrOff = () =>
  z.pipe(
    z.transform((value) => (value === 'true' ? true : value === 'false' ? false : value)),
    z.boolean('must be true or false'),
  );

/** A list; also accepts the text of an environment variable, with commas between the elements. */
const list = (element: z.ZodMiniString) =>
  z.pipe(
    z.transform((value) => (typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value)),
    z.array(element),
  );

const isOrigin = (text: string) => /^https?:\/\/[^/\\?#@*,\s]+$/.test(text) && URL.canParse(text);

const origin = () =>
  z
    .string()
    .check(
      z.refine(
        isOrigin,
        'must be a list of origins, such as https://shop.example.com, without "*" and without a slash at the end',
      ),
    );

const HOST_NAMES =
  'must be a list of host names without ports and without "*", such as localhost or [::1]; omit it for the default';

const hostName = () => z.string().check(z.regex(/^([^/,:\s[\]*]+|\[[\da-f:.]+\])$/i, HOST_NAMES));

/** Accepts `probe`, the old name of `prove`, because an older library may still set it. */
const rowIndependence = () =>
  z.pipe(
    z.transform((value) => (value === 'probe' ? 'prove' : value)),
    z.enum(['prove', 'exact', 'assume']),
  );

/**
 * Names of settings never end in _PORT or _SERVICE_HOST. Kubernetes injects such variables for each Service, so a
 * Service called "model-serving-http" would otherwise configure the server.
 */
export const settingsSchema = z.object({
  /** Folder of model.json and of the files in it. */
  modelFolder: z._default(text(), SETTING_DEFAULTS.modelFolder),
  /** Identity of the expected model; an image with a different model never becomes ready. */
  expectedSha256: z.optional(sha256()),
  /** `declarationText` of the expected declaration, for an image that was built elsewhere. */
  expectedDeclaration: z.optional(text()),
  host: z._default(text(), SETTING_DEFAULTS.host),
  httpPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.httpPortNumber),
  grpcPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.grpcPortNumber),
  metricsPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.metricsPortNumber),
  logLevel: z._default(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']), SETTING_DEFAULTS.logLevel),
  /** Worker threads, each with its own session. */
  executors: z._default(wholeNumber(1, 256), SETTING_DEFAULTS.executors),
  /** Threads of each session; by default the CPU quota divided by the number of executors. */
  threadsPerExecutor: z.optional(wholeNumber(1, 256)),
  /**
   * Maximum number of rows of a run that requests share; 1 disables sharing. The default is `DEFAULT_MAX_BATCH_SIZE` if
   * the model allows sharing.
   */
  maxBatchSize: z.optional(wholeNumber(1, 65_536)),
  /** How long an idle executor waits for more rows after the oldest request has arrived. */
  maxBatchDelaySeconds: z._default(
    z.coerce.number().check(z.nonnegative(), z.lte(60)),
    SETTING_DEFAULTS.maxBatchDelaySeconds,
  ),
  /**
   * When requests may share runs. `prove`: if the verdict in model.json is independent and a trial at startup confirms
   * it within a tolerance. `exact`: like `prove`, but the trial compares bit for bit. `assume`: regardless of the
   * verdict, and without a trial.
   */
  rowIndependence: z._default(rowIndependence(), SETTING_DEFAULTS.rowIndependence),
  /**
   * Limits on the number of waiting requests and on their total rows and bytes; requests beyond them are refused with
   * 429.
   */
  maxQueueLength: z._default(wholeNumber(1, 1_000_000), SETTING_DEFAULTS.maxQueueLength),
  maxQueueRows: z._default(wholeNumber(1, 100_000_000), SETTING_DEFAULTS.maxQueueRows),
  maxQueueBytes: z._default(wholeNumber(1, 2 ** 40), SETTING_DEFAULTS.maxQueueBytes),
  /** Maximum time from a request's arrival to the start of its run, after which it fails with 504. */
  queueTimeoutSeconds: z._default(
    z.coerce.number().check(z.positive(), z.lte(86_400)),
    SETTING_DEFAULTS.queueTimeoutSeconds,
  ),
  /** Maximum size of a request body, in bytes after decompression. The default is `defaultMaxRequestBytes`. */
  maxRequestBytes: z.optional(wholeNumber(1, 2 ** 31 - 1)),
  /** Total memory for requests. By default, it is derived from the container's memory limit. */
  requestBudgetBytes: z.optional(wholeNumber(2 ** 20, 2 ** 40)),
  /** Maximum time from the first to the last byte of a request. */
  receiveTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.receiveTimeoutSeconds),
  /** Maximum time that a client may take to read the response. */
  sendTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.sendTimeoutSeconds),
  /**
   * Maximum open connections on each inference port. Over HTTP, a connection takes 10 KiB before it sends anything, 16
   * KiB once it has sent a request or its headers, and 27 KiB with many incomplete headers.
   */
  maxConnections: z._default(wholeNumber(1, 1_000_000), SETTING_DEFAULTS.maxConnections),
  /** How long to continue serving after SIGTERM, while load balancers remove this replica. */
  drainSeconds: z._default(z.coerce.number().check(z.nonnegative(), z.lte(3600)), SETTING_DEFAULTS.drainSeconds),
  /** Age after which a connection is closed with its next response, so that its client may reach another replica. */
  maxConnectionAgeSeconds: z._default(
    z.coerce.number().check(z.positive(), z.lte(86_400)),
    SETTING_DEFAULTS.maxConnectionAgeSeconds,
  ),
  /**
   * How long an HTTP connection may be idle between two requests. It is longer than the idle timeout of common load
   * balancers (60 s), so that they close connections before the server does.
   */
  idleTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.idleTimeoutSeconds),
  /** Other origins whose pages may send requests. */
  allowedOrigins: z._default(list(origin()), () => [...SETTING_DEFAULTS.allowedOrigins]),
  /**
   * Host names, without ports, that HTTP requests may address; by default, requests may address any host. Health
   * requests may address any host.
   */
  allowedHosts: z.optional(
    list(hostName()).check(z.refine((names: readonly string[]) => names.length > 0, HOST_NAMES)),
  ),
  /** Whether to serve the page at `/`. */
  page: z._default(onOrOff(), SETTING_DEFAULTS.page),
});
