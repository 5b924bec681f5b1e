import { existsSync, readFileSync } from 'node:fs';
import { basename, join, parse } from 'node:path';
import { readCache, writeCache } from '../cache';
import { ModelServingError, type Problem } from '../errors';
import { readingFile, sourceFile } from '../model/model-files';
import { profileErrors } from './errors';
import type { ModelProfile } from './model-profile';

/** A profile in the right form, of whatever model. */
export interface ProfileFile {
  /** As the user gave it, for messages. */
  readonly path: string;
  readonly profile: ModelProfile;
}

/** Where a model's profile is unless another place is named: `digits.onnx` has `digits.profile.json`. */
export function defaultProfilePath(modelPath: string): string {
  const { dir, name } = parse(modelPath);
  return join(dir, `${name}.profile.json`);
}

/**
 * Reads a model's profile and checks its form.
 *
 * @param given - its path; false for none; undefined for the one beside the model, if it is there
 * @throws ModelServingError `profile-not-json`, `profile-invalid`, and what `sourceFile` throws
 */
export function readProfile(modelPath: string, given: string | false | undefined): ProfileFile | undefined {
  const path = given ?? defaultProfilePath(modelPath);
  if (path === false || (given === undefined && !existsSync(path))) return undefined;
  const { sha256 } = sourceFile(basename(path), path);
  const text = readingFile(path, () => readFileSync(path, 'utf8'));
  const content = parseJson(path, modelPath, text);

  const key = `profile-form 1 ${sha256}`;
  if (!readCache<true>(key)) {
    ModelServingError.throwIfAny(checkForm(path, modelPath, content));
    writeCache(key, true);
  }
  return { path, profile: content as ModelProfile };
}

/** Whether the profile is of this very model. */
export function checkProfile(modelPath: string, sha256: string, { path, profile }: ProfileFile): Problem[] {
  return profile.sha256 === sha256 ? [] : [profileErrors.stale(path, modelPath, profile, sha256)];
}

function parseJson(path: string, modelPath: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ModelServingError([profileErrors.notJson(path, modelPath, (error as SyntaxError).message)]);
  }
}

function checkForm(path: string, modelPath: string, content: unknown): Problem[] {
  // Loaded only for profiles not seen before: zod takes longer to load than a warm synth of a model takes.
  const { profileSchema } = require('./profile-schema') as typeof import('./profile-schema');
  const { error } = profileSchema.safeParse(content);
  return (error?.issues ?? []).map((issue) =>
    profileErrors.invalid(path, modelPath, issue.path.join('.') || 'the file', issue.message),
  );
}
