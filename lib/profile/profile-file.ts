import { basename } from 'node:path';
import { fileBeside, parseCommittedFile } from '../base/committed-file';
import type { Problem } from '../base/errors';
import { sourceText } from '../base/source-file';
import { profileErrors } from './errors';
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
