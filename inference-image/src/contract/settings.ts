import { z } from 'zod';

/** Every setting of the server is read from an environment variable with this prefix, and from nowhere else. */
export const SETTING_PREFIX = 'MODEL_SERVING_';

const wholeNumber = (minimum: number, maximum: number) => z.coerce.number().int().min(minimum).max(maximum);

/**
 * Names never end in _PORT or _SERVICE_HOST: Kubernetes injects such variables for each Service,
 * and a Service called "model-serving-http" must not configure a model server.
 */
export const settingsSchema = z.object({
  /** Folder with model.json and the files it names. */
  modelFolder: z.string().min(1).default('/model'),
  /** The model that the deployment expects; an image with another one never becomes ready. */
  expectedSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
    .optional(),
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

/** What a deployment tunes; the model's identity is in model.json. */
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** `httpPortNumber` → `MODEL_SERVING_HTTP_PORT_NUMBER`. */
export function settingVariable(name: SettingName): string {
  return SETTING_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The environment that gives these settings; what is undefined is left out. */
export function settingsEnvironment(settings: Partial<Settings>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [settingVariable(name as SettingName), String(value)]),
  );
}
