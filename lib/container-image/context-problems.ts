import type { Problems } from '../terraform/props';
import { isNodePath } from './dockerfile';
import { imageErrors } from './errors';
import { IMAGE_PLATFORMS, type ImagePlatform } from '../base/server-files';

/** Checks the props that determine the files of a build context. */
export function checkContext(
  where: string,
  { platform, nodePath }: { platform?: ImagePlatform; nodePath?: string },
  problems: Problems,
): void {
  problems.checkKnown(where, 'platform', platform);
  problems.check(
    platform,
    (value) => IMAGE_PLATFORMS.includes(value),
    (value) => imageErrors.platformUnsupported(where, value),
  );
  problems.checkKnown(where, 'nodePath', nodePath);
  problems.check(nodePath, isNodePath, (value) => imageErrors.nodePathInvalid(where, value));
}
