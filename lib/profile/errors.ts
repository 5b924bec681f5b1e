import type { Problem } from '../errors';
import { measuredOn } from './measured-on';
import type { ModelProfile } from './model-profile';
import { profileCommand } from './profile-command';

/** What can be wrong with a profile; `path` is its own, as the user gave it, `modelPath` the model's. */
export const profileErrors = {
  notJson: (path: string, modelPath: string, reason: string): Problem => ({
    code: 'profile-not-json',
    message: `${path}: this is not JSON: ${reason}. Remove it and measure again: ${profileCommand(modelPath)}`,
  }),

  invalid: (path: string, modelPath: string, where: string, reason: string): Problem => ({
    code: 'profile-invalid',
    message: `${path}: ${where}: ${reason}. Profiles are measured, not written by hand. Remove it and measure again: ${profileCommand(modelPath)}`,
  }),

  stale: (path: string, modelPath: string, profile: ModelProfile, sha256: string): Problem => ({
    code: 'profile-stale',
    message: `${path}: this is the profile of another model, with sha256 ${profile.sha256}, measured on ${measuredOn(profile)}; ${modelPath} has ${sha256}. Measure it again: ${profileCommand(modelPath)}`,
  }),
};
