import { basename } from 'node:path';
import { fileBeside, parseCommittedFile } from '../base/committed-file';
import type { Problem } from '../base/errors';
import { sourceText } from '../base/source-file';
import { measuredOn, profileCommand } from './describe-profile';
import type { ModelProfile } from './model-profile';

/** A well-formed profile, not yet compared with a model. */
export interface ProfileFile {
  /** Path as the user gave it; used in messages. */
  readonly path: string;
  readonly profile: ModelProfile;
}

/**
 * Reads a model's profile and checks its form.
 *
 * @param given - path of the profile; false for none; undefined for the one beside the model, if it exists
 * @throws ModelServingError `profile-not-json`, `profile-invalid`, and the errors of `sourceText`
 */
export function readProfile(modelPath: string, given: string | false | undefined): ProfileFile | undefined {
  const path = given ?? fileBeside(modelPath, 'profile');
  if (!path) return undefined;
  const profile = parseCommittedFile<ModelProfile>(sourceText(basename(path), path), {
    name: 'profile-form 2',
    loadSchema: () => (require('./profile-schema') as typeof import('./profile-schema')).profileSchema,
    notJson: (reason) => profileErrors.notJson(path, modelPath, reason),
    invalid: (where, reason) => profileErrors.invalid(path, modelPath, where, reason),
  });
  return { path, profile };
}

/** Checks that the profile belongs to this model. */
export function checkProfile(modelPath: string, sha256: string, { path, profile }: ProfileFile): Problem[] {
  return profile.sha256 === sha256 ? [] : [profileErrors.stale(path, modelPath, profile, sha256)];
}

/**
 * Errors of a profile; `path` is the path of the profile, and `modelPath` that of the model, both as the user gave
 * them.
 */
export const profileErrors = {
  notJson: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'profile-not-json',
    message: `${path}: this file is not valid JSON: ${reason}. Remove the file and measure again: ${profileCommand(modelPath)}`,
  }),

  invalid: (path: string, modelPath: string, where: string, reason: string): Problem => ({
    code: 'profile-invalid',
    message: `${path}: ${where}: ${reason}. Profiles are measured, not written by hand. Remove the file and measure again: ${profileCommand(modelPath)}`,
  }),

  stale: (path: string, modelPath: string, profile: ModelProfile, sha256: string): Problem => ({
    code: 'profile-stale',
    message: `${path}: this profile belongs to a different model, with sha256 ${profile.sha256}, measured on ${measuredOn(profile)}; ${modelPath} has sha256 ${sha256}. Measure again: ${profileCommand(modelPath)}`,
  }),
};
