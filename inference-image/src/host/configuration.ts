import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod/mini';
import type { GoldenExample } from '../contract/golden';
import { GOLDEN_FILE, MANIFEST_FILE, modelDigest, type ModelManifest } from '../contract/model-manifest';
import { modelManifestSchema } from '../contract/manifest-schema';
import { goldenFileSchema, settingsSchema } from '../contract/schemas';
import { SETTING_PREFIX, settingVariable, type SettingName, type Settings } from '../contract/settings';
import { messageOf } from '../base/errors';
import { parseJson } from '../json/json';

export interface Configuration {
  readonly settings: Readonly<Settings>;
  readonly manifest: Readonly<ModelManifest>;
  readonly examples: readonly GoldenExample[];
}

/** Lists all problems of the configuration, one per line: the field, its value and the allowed values. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const SETTING_NAMES = Object.keys(settingsSchema.shape) as SettingName[];

/**
 * Variables that Kubernetes injects for a Service whose name begins with "model-serving":
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
const KUBERNETES_VARIABLE = /(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

/** Reads the environment and the model folder, and reports the problems found in both in a single error. */
export function readConfiguration(environment: NodeJS.ProcessEnv): Configuration {
  const problems: string[] = [];
  const settings = readSettings(environment, problems);
  // The manifest is read even if settings are invalid, so that its problems are reported together with theirs.
  const modelFolder = environment[settingVariable('modelFolder')] || settingsSchema.shape.modelFolder.parse(undefined);
  const manifest = readManifest(join(modelFolder, MANIFEST_FILE), problems);
  const examples = manifest ? readExamples(modelFolder, manifest, problems) : [];
  if (problems.length > 0 || !settings || !manifest) throw new ConfigurationError(problems);
  return deepFreeze({ settings, manifest, examples });
}

function readSettings(environment: NodeJS.ProcessEnv, problems: string[]): Settings | undefined {
  const variables = new Map(SETTING_NAMES.map((name) => [settingVariable(name), name]));
  const given: Partial<Record<SettingName, string>> = {};
  for (const [variable, value] of Object.entries(environment)) {
    // An empty value counts as not set, as is usual with Terraform variables and env files.
    if (!variable.startsWith(SETTING_PREFIX) || !value) continue;
    const name = variables.get(variable);
    if (name) given[name] = value;
    else if (!KUBERNETES_VARIABLE.test(variable)) {
      problems.push(`${variable} is not a setting; the settings are ${[...variables.keys()].join(', ')}`);
    }
  }
  const parsed = settingsSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const name = issue.path[0] as SettingName;
    problems.push(`${settingVariable(name)} is ${JSON.stringify(given[name])}: ${issue.message}`);
  }
  return undefined;
}

function readManifest(path: string, problems: string[]): ModelManifest | undefined {
  const manifest = readJson(path, modelManifestSchema, problems);
  if (manifest && modelDigest(manifest.files) !== manifest.sha256) {
    problems.push(`${path}: sha256 is ${manifest.sha256}, but the listed files have ${modelDigest(manifest.files)}`);
    return undefined;
  }
  return manifest;
}

function readExamples(folder: string, manifest: ModelManifest, problems: string[]): GoldenExample[] {
  if (!manifest.files.some((file) => file.path === GOLDEN_FILE)) return [];
  return readJson(join(folder, GOLDEN_FILE), goldenFileSchema, problems)?.examples ?? [];
}

function readJson<T>(path: string, schema: z.ZodMiniType<T>, problems: string[]): T | undefined {
  let value: unknown;
  try {
    value = parseJson(readFileSync(path, 'utf8'), { exactIntegers: true });
  } catch (error) {
    problems.push(`${path}: ${messageOf(error)}`);
    return undefined;
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    problems.push(
      `${path}: ${pathText(issue.path) || 'the document'} is ${valueAt(value, issue.path)}: ${issue.message}`,
    );
  }
  return undefined;
}

/** Path of a field as messages show it: `files[0].sha256`. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): string {
  const found = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
  const text = JSON.stringify(found, (_, v: unknown) => (typeof v === 'bigint' ? String(v) : v)) ?? 'missing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
