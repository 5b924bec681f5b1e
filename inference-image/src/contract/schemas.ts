/**
 * What is checked when the container starts. Kept apart from the plain types and constants of the contract, since a
 * synth that loads it takes a third longer; and written for zod/mini, since zod itself takes 13 ms of a start.
 */
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.cjs';
import { PICTURE_COLORS, PICTURE_DATATYPES, PICTURE_FITS } from './picture-input';
import { CONTRACT_VERSION } from './model-manifest';
import { rowAxes, rowAxisProblems } from './row-axes';
import { SETTING_DEFAULTS } from './settings';
import { DATATYPES } from './signature';

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
  /** Relative to the model folder, with forward slashes. */
  path: z.string().check(z.regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must stay inside the model folder')),
  sha256: sha256(),
  sizeBytes: count(),
});

const positive = () => z.int().check(z.positive());
/** One for each channel. */
const perChannel = () => z.array(z.number()).check(z.minLength(1));

export const pictureInputSchema = z.strictObject({
  input: text(),
  datatype: z.enum(PICTURE_DATATYPES),
  /** Of one picture: dimensions that are not fixed are 1. */
  shape: z.array(positive()),
  width: positive(),
  height: positive(),
  color: z.enum(PICTURE_COLORS),
  /** Whether each channel is a plane of its own (NCHW), or those of a pixel are together (NHWC). */
  planar: z.boolean(),
  invert: z.boolean(),
  fit: z.enum(PICTURE_FITS),
  /** A level of gray. */
  background: count().check(z.lte(255)),
  /** An element is (level * scale - mean) / std. */
  scale: z.number(),
  mean: perChannel(),
  std: perChannel(),
  maxPixels: positive(),
});

export const classOutputSchema = z.strictObject({
  output: text(),
  /** A score for each class, the index of one, or its name. */
  kind: z.enum(['scores', 'index', 'label']),
  softmax: z.boolean(),
  /** In the order of the scores or indices. @default - classes have no names but their indices or labels */
  names: z.optional(z.array(text()).check(z.minLength(1))),
});

const obstacle = {
  /** Name of the node, or of its outputs where it has none. */
  node: text(),
  /** `Softmax`, and outside ai.onnx with its domain, `com.microsoft:Attention`. */
  operator: text(),
  reason: text(),
};

export const batchingVerdictSchema = z.discriminatedUnion('verdict', [
  z.strictObject({
    verdict: z.literal('independent'),
    /** The axis that counts rows, for each input in the order of the signature; null where requests share the value. */
    inputAxes: z.array(z.nullable(count())),
    /** The axis that counts rows, for each output in the order of the signature. */
    outputAxes: z.array(count()),
    /** Largest size of any other axis for which this is proved. @default - 2^28 */
    maxSize: z.optional(count()),
  }),
  z.strictObject({ verdict: z.literal('coupled'), ...obstacle }),
  z.strictObject({ verdict: z.literal('not understood'), ...obstacle }),
  z.strictObject({ verdict: z.literal('fixed'), reason: text() }),
]);

const manifestFields = z.strictObject({
  /** Version 1 has no `batching`. */
  contractVersion: z.literal([1, CONTRACT_VERSION]),
  name: text(),
  version: text(),
  /** Identity of the model: `modelDigest` of its files. */
  sha256: sha256(),
  /** model.onnx first, then external data, then golden.json and the files of its tensors where there are some. */
  files: z.array(modelFileSchema).check(z.minLength(1)),
  signature: signatureSchema,
  /** @default - nothing is proved, and requests share no runs */
  batching: z.optional(batchingVerdictSchema),
  /**
   * That the runtime would end the process on an empty input, or answer with memory that it has not written, with the
   * node where it is known.
   * @default - it is not known to
   */
  unsafeOnEmptyInput: z.optional(z.strictObject({ node: z.optional(text()), operator: z.optional(text()) })),
  /** What people say of it, such as its licence: for clients to read, nothing that the server understands. */
  properties: z.optional(z.record(text(), text())),
  /** For models that take pictures as they are. The key stays `image`: servers of images that exist read it. */
  image: z.optional(pictureInputSchema),
  /** For models that answer with a class. */
  classes: z.optional(classOutputSchema),
});

/** The row axes of the verdict must be axes of the signature. */
export const modelManifestSchema = manifestFields.check(({ value, issues }) => {
  const axes = rowAxes(value.batching);
  for (const { path, message } of axes ? rowAxisProblems(value.signature, axes) : []) {
    issues.push({ code: 'custom', path: ['batching', ...path], message, input: value });
  }
});

const nonNegative = () => z.number().check(z.nonnegative());

export const toleranceSchema = z.strictObject({
  absolute: z._default(nonNegative(), 1e-5),
  relative: z._default(nonNegative(), 1e-4),
});

/** Relative to a folder that it stays in, with forward slashes. */
const pathWithin = (where: string) =>
  z.string().check(z.regex(/^(?!\/)(?!.*(^|\/)\.\.?(\/|$))[^\\]+$/, `must be a path within ${where}, with "/"`));

const goldenTensorSchema = z.looseObject({
  name: text(),
  datatype: z.enum(DATATYPES),
  shape: z.array(count()),
  /** Exactly one of them. */
  data: z.optional(z.array(z.unknown())),
  file: z.optional(pathWithin('the folder of the golden examples')),
});

const hasOneSource = z.refine<{ data?: unknown; file?: unknown }>(
  ({ data, file }) => (data === undefined) !== (file === undefined),
  'must have either data or file',
);

const goldenOutputSchema = z.extend(goldenTensorSchema, {
  /** Of this output; what is left out is as the example has it. */
  tolerance: z.optional(z.strictObject({ absolute: z.optional(nonNegative()), relative: z.optional(nonNegative()) })),
});

/** A request as HTTP takes it, but that an input may have its elements in a file. */
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
    /** Exactly one of them. */
    request: z.optional(goldenRequestSchema),
    /** A PNG or JPEG file as clients send it, for models that take pictures. */
    picture: z.optional(pathWithin('the folder of the golden examples')),
    response: z.looseObject({ outputs: z.array(goldenOutputSchema.check(hasOneSource)).check(z.minLength(1)) }),
    tolerance: z.prefault(toleranceSchema, {}),
  })
  .check(hasOneRequest);

export const goldenFileSchema = z.strictObject({ examples: z.array(goldenExampleSchema).check(z.minLength(1)) });

const wholeNumber = (minimum: number, maximum: number) =>
  z.coerce.number().check(z.int(), z.gte(minimum), z.lte(maximum));

const timeLimit = () => z.coerce.number().check(z.positive(), z.lte(86_400));

/** From the text of a variable as well. */
const onOrOff = () =>
  z.pipe(
    z.transform((value) => (value === 'true' ? true : value === 'false' ? false : value)),
    z.boolean('must be true or false'),
  );

/** From the text of a variable as well, with commas. */
const list = (element: z.ZodMiniString) =>
  z.pipe(
    z.transform((value) => (typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value)),
    z.array(element),
  );

const origin = () =>
  z
    .string()
    .check(
      z.regex(
        /^https?:\/\/[^/,\s]+$/,
        'must be a list of origins, such as https://shop.example.com, without a slash at the end',
      ),
    );

const hostName = () =>
  z
    .string()
    .check(
      z.regex(
        /^([^/,:\s[\]*]+|\[[\da-f:.]+\])$/i,
        'must be a list of host names without ports and without "*", such as localhost or [::1]; leave it out for the default',
      ),
    );

/** `probe` is the old name of `prove`; an older library may still set it. */
const rowIndependence = () =>
  z.pipe(
    z.transform((value) => (value === 'probe' ? 'prove' : value)),
    z.enum(['prove', 'exact', 'assume']),
  );

/**
 * Names never end in _PORT or _SERVICE_HOST: Kubernetes injects such variables for each Service,
 * and a Service called "model-serving-http" must not configure a model server.
 */
export const settingsSchema = z.object({
  /** Folder with model.json and the files it names. */
  modelFolder: z._default(text(), SETTING_DEFAULTS.modelFolder),
  /** The model that the deployment expects; an image with another one never becomes ready. */
  expectedSha256: z.optional(sha256()),
  /** `declarationText` of what it expects besides, where the image was built elsewhere. */
  expectedDeclaration: z.optional(text()),
  host: z._default(text(), SETTING_DEFAULTS.host),
  httpPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.httpPortNumber),
  grpcPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.grpcPortNumber),
  metricsPortNumber: z._default(wholeNumber(0, 65535), SETTING_DEFAULTS.metricsPortNumber),
  logLevel: z._default(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']), SETTING_DEFAULTS.logLevel),
  /** Worker threads, each with a session of its own. */
  executors: z._default(wholeNumber(1, 256), SETTING_DEFAULTS.executors),
  /** Threads of each session; by default the CPU quota divided by the executors. */
  threadsPerExecutor: z.optional(wholeNumber(1, 256)),
  /**
   * Rows of one run, which requests share where the model allows it; 1 means that they never do. By default
   * `DEFAULT_MAX_BATCH_SIZE` where the model allows it.
   */
  maxBatchSize: z.optional(wholeNumber(1, 65_536)),
  /** How long an idle executor waits for more rows after the oldest request came. */
  maxBatchDelaySeconds: z._default(
    z.coerce.number().check(z.nonnegative(), z.lte(60)),
    SETTING_DEFAULTS.maxBatchDelaySeconds,
  ),
  /**
   * When requests share runs: where the verdict of model.json is independent and a trial at start agrees, within a
   * tolerance (`prove`) or bit for bit (`exact`); or whatever the verdict, without a trial (`assume`).
   */
  rowIndependence: z._default(rowIndependence(), SETTING_DEFAULTS.rowIndependence),
  /** Requests that may wait for an executor; one more is refused with 429. So with their rows and bytes. */
  maxQueueLength: z._default(wholeNumber(1, 1_000_000), SETTING_DEFAULTS.maxQueueLength),
  maxQueueRows: z._default(wholeNumber(1, 100_000_000), SETTING_DEFAULTS.maxQueueRows),
  maxQueueBytes: z._default(wholeNumber(1, 2 ** 40), SETTING_DEFAULTS.maxQueueBytes),
  /** Longest time from a request's arrival to the start of its run; later it is answered with 504. */
  queueTimeoutSeconds: z._default(
    z.coerce.number().check(z.positive(), z.lte(86_400)),
    SETTING_DEFAULTS.queueTimeoutSeconds,
  ),
  /** Largest request body, after decompression. By default `defaultMaxRequestBytes`. */
  maxRequestBytes: z.optional(wholeNumber(1, 2 ** 31 - 1)),
  /** Memory for all requests together. By default what the container's memory limit leaves. */
  requestBudgetBytes: z.optional(wholeNumber(2 ** 20, 2 ** 40)),
  /** Longest time from the first byte of a request to its last. */
  receiveTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.receiveTimeoutSeconds),
  /** Longest time in which a client reads its answer. */
  sendTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.sendTimeoutSeconds),
  /**
   * Connections that each of the ports for inference accepts at a time. Over HTTP each takes 10 KiB while it is silent,
   * 16 KiB after a request or with the head of one, and 27 KiB with a head of many headers that does not end.
   */
  maxConnections: z._default(wholeNumber(1, 1_000_000), SETTING_DEFAULTS.maxConnections),
  /** After SIGTERM, how long to go on serving while load balancers take this replica out. */
  drainSeconds: z._default(z.coerce.number().check(z.nonnegative(), z.lte(3600)), SETTING_DEFAULTS.drainSeconds),
  /** After which a connection is ended with its next reply, so that its client may find another replica. */
  maxConnectionAgeSeconds: z._default(
    z.coerce.number().check(z.positive(), z.lte(86_400)),
    SETTING_DEFAULTS.maxConnectionAgeSeconds,
  ),
  /**
   * How long a connection may ask nothing between two requests of HTTP. Longer than the idle time of common load
   * balancers (60 s), so that they close connections and not the server.
   */
  idleTimeoutSeconds: z._default(timeLimit(), SETTING_DEFAULTS.idleTimeoutSeconds),
  /** Origins of pages that browsers may send requests from, besides the server's own. */
  allowedOrigins: z._default(list(origin()), () => [...SETTING_DEFAULTS.allowedOrigins]),
  /** Names that requests of HTTP may have for the server, without ports; any by default. Health is answered in any case. */
  allowedHosts: z.optional(list(hostName())),
  /** Whether `/` is a page where a person sees the model and tries it. */
  page: z._default(onOrOff(), SETTING_DEFAULTS.page),
});
