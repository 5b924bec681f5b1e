import type { z } from 'zod/mini';
import type { settingsSchema } from './schemas';

/** Every setting of the server is read from an environment variable with this prefix, and from nowhere else. */
export const SETTING_PREFIX = 'MODEL_SERVING_';

/** What a deployment tunes; the model's identity is in model.json. */
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** What a setting is where nobody sets it; those that depend on nothing but themselves. */
export const SETTING_DEFAULTS = {
  modelFolder: '/model',
  host: '0.0.0.0',
  httpPortNumber: 8080,
  grpcPortNumber: 8081,
  metricsPortNumber: 8082,
  logLevel: 'info',
  executors: 1,
  maxBatchDelaySeconds: 0,
  rowIndependence: 'prove',
  maxQueueLength: 128,
  maxQueueRows: 1024 * 1024,
  maxQueueBytes: 64 * 1024 * 1024,
  queueTimeoutSeconds: 30,
  receiveTimeoutSeconds: 60,
  sendTimeoutSeconds: 60,
  maxConnections: 1024,
  drainSeconds: 5,
  maxConnectionAgeSeconds: 300,
  idleTimeoutSeconds: 75,
  allowedOrigins: [],
  page: false,
} as const;

/** Rows of one run where `maxBatchSize` is not set and the model's rows may be merged. */
export const DEFAULT_MAX_BATCH_SIZE = 32;

/** `httpPortNumber` → `MODEL_SERVING_HTTP_PORT_NUMBER`. */
export function settingVariable(name: SettingName): string {
  return SETTING_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** The environment that gives these settings, lists with commas; what is undefined is left out. */
export function settingsEnvironment(
  settings: Partial<Record<SettingName, string | number | boolean | readonly string[]>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [settingVariable(name as SettingName), String(value)]),
  );
}
