import type { Settings } from '../../inference-image/src/contract/settings';
import type { Problem } from '../base/errors';

/** Options of the server in the container. The model itself determines what is served. */
export interface ServingOptions {
  /**
   * Number of worker threads. Each thread has its own session, and so its own copy of the weights.
   * @default - 1; with a profile and a CPU limit, as many as the CPUs allow and the event loop can keep busy
   */
  readonly executors?: number;
  /**
   * Number of threads that one run may use.
   * @default - with a profile, the fewest that run one row within 50 ms; without a profile, the container's CPU limit
   * divided by the executors, at least 1
   */
  readonly threadsPerExecutor?: number;
  /**
   * Maximum number of rows in one run. Requests share runs if the model allows it. With 1, each request runs alone.
   * More than 1 is an error for a model whose requests cannot share runs; `OnnxModel.batching` gives the reason.
   * @default - if the model allows sharing, the batch size beyond which its profile shows no higher throughput, or 32
   * without a profile; otherwise 1
   */
  readonly maxBatchSize?: number;
  /**
   * How long an idle executor waits for more rows after the oldest request arrived, in seconds, up to 60. It must be
   * less than `queueTimeoutSeconds`. With 0, an idle server adds no delay, and batches fill while the executors are
   * busy.
   * @default 0
   */
  readonly maxBatchDelaySeconds?: number;
  /**
   * When requests share runs.
   *
   * - `prove`: if the model's graph proves that rows do not influence each other (`OnnxModel.batching`), and a trial
   *   before the server becomes ready shows no difference beyond rounding.
   * - `exact`: like `prove`, but the trial must show no difference in any bit.
   * - `assume`: always, regardless of the graph and without a trial. The batch axis is the first dimension of every
   *   input and output unless the graph proves a different one. Answers may then depend on the requests of other
   *   callers.
   * - `probe`: deprecated, the old name of `prove`.
   *
   * @default 'prove'
   */
  readonly rowIndependence?: Settings['rowIndependence'] | 'probe';
  /**
   * Maximum number of requests that wait for an executor; further requests are rejected with 429 immediately.
   * @default - with a profile, the number that a replica answers in 0.25 s; without a profile, 128
   */
  readonly maxQueueLength?: number;
  /**
   * Maximum number of rows in all waiting requests; further requests are rejected with 429 immediately.
   * @default 1048576
   */
  readonly maxQueueRows?: number;
  /**
   * Maximum total size of all waiting requests, as decoded tensors, in bytes; further requests are rejected with 429
   * immediately. A value above the default increases the memory that the container needs.
   * @default 67108864 (64 MiB), but at most the memory available for requests
   */
  readonly maxQueueBytes?: number;
  /**
   * Maximum time that a request waits for an executor, in seconds. The server then answers 504 and never runs the
   * request.
   * @default 30
   */
  readonly queueTimeoutSeconds?: number;
  /**
   * Maximum size of a request body after decompression, in bytes; a larger one is rejected with 413. It determines the
   * memory that the container needs.
   * @default - the size of a full batch in JSON, from 1 to 16 MiB; more if a single row is larger, judging by the fixed
   * sizes of the inputs or by a golden example. 16 MiB if the size of a row is unknown, or the model accepts pictures
   */
  readonly maxRequestBytes?: number;
  /**
   * Total memory for requests, in bytes. A request counts from its first byte until its client has read the last
   * byte of the answer. Further requests are rejected with 429 immediately. It must be at least 4 times
   * `maxRequestBytes`, or 8 times if the model accepts strings.
   * @default - the container's remaining memory, but at most a quarter of its memory or what `maxRequestBytes` needs,
   * whichever is more; at least 32 MiB
   */
  readonly requestBudgetBytes?: number;
  /**
   * Maximum time from the first byte of a request to its last, in seconds; a slower request is rejected with 408. If
   * other requests need the memory that the request holds, the limit is 2 s.
   * @default 60
   */
  readonly receiveTimeoutSeconds?: number;
  /**
   * Maximum time for a client to read its answer, in seconds; the connection of a slower client is closed.
   * @default 60
   */
  readonly sendTimeoutSeconds?: number;
  /**
   * Maximum number of open connections on each inference port. A further connection replaces one that is idle or still
   * sending its request; if there is none, the further connection is closed immediately. The metrics port accepts 16.
   * @default 1024
   */
  readonly maxConnections?: number;
  /**
   * How long the server keeps serving after SIGTERM, in seconds, while load balancers remove the container.
   * @default 5
   */
  readonly drainSeconds?: number;
  /**
   * Age in seconds after which a connection is closed with its next reply, so that clients find new replicas. It varies
   * by 10 % so that clients do not all reconnect at the same time.
   * @default 300
   */
  readonly maxConnectionAgeSeconds?: number;
  /**
   * How long an HTTP connection may be idle between two requests, in seconds. Keep it longer than the idle timeout of a
   * load balancer in front of the server, which might otherwise send a request on a connection that is being closed.
   * @default 75
   */
  readonly idleTimeoutSeconds?: number;
  /**
   * Origins of web pages that may send requests, in addition to the server's own: `['https://shop.example.com']`.
   * Requests from pages of other origins are rejected with 403. Clients other than browsers send no origin.
   * @default - none
   */
  readonly allowedOrigins?: readonly string[];
  /**
   * Host names that HTTP requests may use for the server (their `Host` header), without ports. Requests for other names
   * are rejected with 403; health checks are always answered.
   * @default - in a ContainerizedModel that builds its image and listens on a loopback address: `localhost`,
   * `127.0.0.1`, `[::1]`, that address and the container's name; otherwise any name
   */
  readonly allowedHosts?: readonly string[];
  /** @default 'info' */
  readonly logLevel?: Settings['logLevel'];
  /**
   * Whether `/` returns a page for browsers, which shows the model's signature and golden examples and can send
   * requests. Everyone who can reach the HTTP port can then read the golden examples.
   * @default - true in a ContainerizedModel, false in a ScalableModelService
   */
  readonly page?: boolean;
}

/** Names of the options. */
export const OPTION_NAMES: Readonly<Record<keyof ServingOptions, true>> = {
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

/**
 * Finds options whose values the container's contract rejects.
 *
 * @param labelOf - returns an option's name as the user writes it
 */
export function invalidOptions(options: ServingOptions, labelOf: (name: keyof ServingOptions) => string): Problem[] {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given.length === 0) return [];
  // zod is loaded only here: most stacks set no option, and loading it takes a third of a synth.
  const { settingsSchema } =
    require('../../inference-image/src/contract/schemas') as typeof import('../../inference-image/src/contract/schemas');
  const result = settingsSchema.safeParse(Object.fromEntries(given));
  if (result.success) return [];
  return result.error.issues.map(({ path: [key, index], message }) => {
    const name = key as keyof ServingOptions;
    const value: unknown = options[name];
    const found =
      Array.isArray(value) && index !== undefined
        ? `has ${JSON.stringify(value[Number(index)])}`
        : `is ${JSON.stringify(value)}`;
    return {
      code: 'serving-option-invalid',
      message: `${labelOf(name)} ${found}${message.startsWith('must') ? `; it ${message}` : `. ${message}`}.`,
    };
  });
}
