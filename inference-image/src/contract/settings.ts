import type { z } from 'zod/mini';
import type { settingsSchema } from './schemas';

/** Prefix of the environment variables of all settings. */
export const SETTING_PREFIX = 'MODEL_SERVING_';

/** Tuning of a deployment; the model's identity is in model.json. */
export type Settings = z.infer<typeof settingsSchema>;
export type SettingName = keyof Settings;

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
