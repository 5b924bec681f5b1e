/** Platforms that an image can be built for. The runtime has Linux binaries for these platforms. */
export const IMAGE_PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;

/** @see https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export type ImagePlatform = (typeof IMAGE_PLATFORMS)[number];

/**
 * Default platform, which most clusters have. It is the same on every machine, so that plans do not depend on the
 * machine.
 */
export const DEFAULT_PLATFORM: ImagePlatform = 'linux/amd64';
