import type { Problem } from '../base/errors';
import { measuredOn } from './measured-on';
import type { ModelProfile } from './model-profile';
import { profileCommand } from './profile-command';

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
