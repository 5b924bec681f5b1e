import type { z } from 'zod/mini';
import type { settingsSchema } from './schemas';

/** Prefix of the environment variables of all settings. */
export const SETTING_PREFIX = 'MODEL_SERVING_';

/** Tuning of a deployment; the model's identity is in model.json. */
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

/** Defaults of settings that do not depend on other values. */
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

/** Default of `maxBatchSize` if the model's rows are independent. */
export const DEFAULT_MAX_BATCH_SIZE = 32;

/** Name of a setting's environment variable: `MODEL_SERVING_HTTP_PORT_NUMBER` for `httpPortNumber`. */
export function settingVariable(name: SettingName): string {
  return SETTING_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** Environment variables for the settings. Lists are joined with commas, and undefined settings are omitted. */
export function settingsEnvironment(
  settings: Partial<Record<SettingName, string | number | boolean | readonly string[]>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [settingVariable(name as SettingName), String(value)]),
  );
}
