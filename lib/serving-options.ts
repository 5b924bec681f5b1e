import { Token } from 'cdktf';
import { SETTING_DEFAULTS, type Settings, settingsEnvironment } from '../inference-image/src/contract/settings';
import type { Problem } from './errors';
import type { ExpectedModel } from './container-image/model-image';
import { asText } from './tokens';

/** How the server in the container works; what it serves is the model's own affair. */
export interface ServingOptions {
  /**
   * Worker threads, each with a session (and so a copy of the weights) of its own.
   * @default - 1; where the model has a profile and CPUs are given, as many as they hold and the server can feed
   */
  readonly executors?: number;
  /**
   * Threads that one run may use.
   * @default - by the model's profile, the fewest with which a row runs within 50 ms; without a profile the container's
   * CPU limit divided by the executors, at least 1
   */
  readonly threadsPerExecutor?: number;
  /**
   * Rows of one run, which requests share where the model allows it; 1 means that each request runs alone. More than 1
   * is an error for a model that cannot share runs: `OnnxModel.batching` says why.
   * @default - where the model allows it, the batch from which its profile sees no more throughput, without a profile 32;
   * else 1
   */
  readonly maxBatchSize?: number;
  /**
   * How long an idle executor waits for more rows after the oldest request came, in seconds, up to 60. Less than
   * `queueTimeoutSeconds`. Without it batches fill while executors are busy, and an idle server adds no delay.
   * @default 0
   */
  readonly maxBatchDelaySeconds?: number;
  /**
   * When requests share runs.
   *
   * - `prove`: where the model's graph proves that rows do not influence each other (`OnnxModel.batching`), and a trial
   *   before the server is ready shows no more difference than rounding makes.
   * - `exact`: likewise, and the trial shows no difference in any bit.
   * - `assume`: whatever the graph says and without a trial, by the first dimension of every input and output where the
   *   graph proves no other. Answers may then depend on what other callers send.
   * - `probe`: deprecated, the old name of `prove`.
   *
   * @default 'prove'
   */
  readonly rowIndependence?: Settings['rowIndependence'] | 'probe';
  /**
   * Requests that may wait for an executor; one more is refused with 429 at once.
   * @default - by the model's profile, what a replica answers in a quarter of a second; without a profile 128
   */
  readonly maxQueueLength?: number;
  /**
   * Rows of all requests that may wait; what would be more is refused with 429 at once.
   * @default 1048576
   */
  readonly maxQueueRows?: number;
  /**
   * Bytes of all requests that may wait, as decoded tensors; what would be more is refused with 429 at once. More than
   * the default raises the memory that the container needs.
   * @default 67108864 (64 MiB), and never more than there is memory for requests
   */
  readonly maxQueueBytes?: number;
  /**
   * Longest wait for an executor in seconds; after it a request is answered with 504 and never run.
   * @default 30
   */
  readonly queueTimeoutSeconds?: number;
  /**
   * Largest request body in bytes, after decompression; a larger one is refused with 413. The memory that the container
   * needs follows from it.
   * @default - what a batch takes in JSON, from 1 to 16 MiB; more where one row takes more, by the fixed sizes of its
   * inputs or a golden example. 16 MiB where the size of a row is unknown, or the model takes pictures
   */
  readonly maxRequestBytes?: number;
  /**
   * Memory for all requests together in bytes, from the first byte that comes to the last byte of the answer that its
   * client reads; what would be more is refused with 429 at once. At least 4 times `maxRequestBytes`, or 8 times where the model takes texts.
   * @default - what the container's memory leaves, up to a quarter of it or what `maxRequestBytes` needs; 32 MiB or more
   */
  readonly requestBudgetBytes?: number;
  /**
   * Longest time from the first byte of a request to its last in seconds; after it the request is refused with 408. Where others
   * need the memory that a request holds, its client has 2 s.
   * @default 60
   */
  readonly receiveTimeoutSeconds?: number;
  /**
   * Longest time in which a client reads its answer in seconds; after it its connection is closed.
   * @default 60
   */
  readonly sendTimeoutSeconds?: number;
  /**
   * Connections that each port for inference accepts at a time; one more takes the place of one that is idle or still
   * sends its request, or is closed at once. The port of the metrics accepts 16.
   * @default 1024
   */
  readonly maxConnections?: number;
  /**
   * Seconds to go on serving after SIGTERM, while load balancers take the container out.
   * @default 5
   */
  readonly drainSeconds?: number;
  /**
   * Age in seconds after which a connection is ended with its next reply, so that clients find new replicas; a tenth
   * more or less, lest all come back at once.
   * @default 300
   */
  readonly maxConnectionAgeSeconds?: number;
  /**
   * How long a connection may ask nothing between two requests of HTTP, in seconds. Keep it longer than the idle time of
   * a load balancer in front, which may otherwise send a request on a connection that is being closed.
   * @default 75
   */
  readonly idleTimeoutSeconds?: number;
  /**
   * Origins of web pages that may send requests, besides the server's own: `['https://shop.example.com']`. Requests of
   * pages of other origins are refused with 403. Clients other than browsers have no origin.
   * @default - none
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Names that requests of HTTP may have for the server (their `Host`), without ports. Requests for other names are
   * refused with 403; health is answered in any case.
   * @default - in a ContainerizedModel that builds its image and listens on a loopback address, `localhost`,
   * `127.0.0.1`, `[::1]`, that address and the container's name; else any
   */
  readonly allowedHosts?: readonly string[];
  /** @default 'info' */
  readonly logLevel?: Settings['logLevel'];
  /**
   * Whether a browser that opens `/` is shown a page with the model's signature and golden examples, where a person
   * tries requests. Whoever reaches the HTTP port sees the golden examples with it.
   * @default - true in a ContainerizedModel, false in a ScalableModelService
   */
  readonly page?: boolean;
}

/**
 * The environment that sets these options and makes the container refuse any model but the expected one. An option that
 * has its default is left out, so that an image of an earlier release, which may not know it, starts all the same.
 */
export function servingEnvironment(options: ServingOptions, expected: ExpectedModel): Record<string, string> {
  const given = Object.entries(options).filter(([name, value]) => value !== undefined && !isDefault(name, value));
  const texts = given.map(([name, value]) => [name, asText(value)]);
  return settingsEnvironment({ ...Object.fromEntries(texts), ...expected });
}

function isDefault(name: string, value: unknown): boolean {
  const current = name === 'rowIndependence' && value === 'probe' ? 'prove' : value;
  if (Array.isArray(current) && !Token.isUnresolved(current)) return current.length === 0;
  return (SETTING_DEFAULTS as Readonly<Record<string, unknown>>)[name] === current;
}

const OPTION_NAMES: Readonly<Record<keyof ServingOptions, true>> = {
  executors: true,
  threadsPerExecutor: true,
  maxBatchSize: true,
  maxBatchDelaySeconds: true,
  rowIndependence: true,
  maxQueueLength: true,
  maxQueueRows: true,
  maxQueueBytes: true,
  queueTimeoutSeconds: true,
  maxRequestBytes: true,
  requestBudgetBytes: true,
  receiveTimeoutSeconds: true,
  sendTimeoutSeconds: true,
  maxConnections: true,
  drainSeconds: true,
  maxConnectionAgeSeconds: true,
  idleTimeoutSeconds: true,
  allowedOrigins: true,
  allowedHosts: true,
  logLevel: true,
  page: true,
};

/** What is wrong with the options, each by its own rule in the container's contract. */
export function servingProblems(where: string, options: ServingOptions): Problem[] {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(OPTION_NAMES, name));
  return [...unknown.map((name) => optionUnknown(where, name)), ...invalidOptions(where, options)];
}

function optionUnknown(where: string, name: string): Problem {
  return {
    code: 'serving-option-unknown',
    message: `${where}: serving has no option ${name}. The options are ${Object.keys(OPTION_NAMES).join(', ')}.`,
  };
}

function invalidOptions(where: string, options: ServingOptions): Problem[] {
  const resolved = Object.entries(options).filter(([, value]) => value !== undefined && !Token.isUnresolved(value));
  if (resolved.length === 0) return [];
  // zod is loaded only here: most stacks set no option, and it costs a third of a synth.
  const { settingsSchema } =
    require('../inference-image/src/contract/schemas') as typeof import('../inference-image/src/contract/schemas');
  const result = settingsSchema.safeParse(Object.fromEntries(resolved));
  if (result.success) return [];
  return result.error.issues.map(({ path: [name], message }) => ({
    code: 'serving-option-invalid',
    message: `${where}: serving.${String(name)} is ${JSON.stringify(options[name as keyof ServingOptions])}. ${message}.`,
  }));
}
