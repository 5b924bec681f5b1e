/** Platforms that an image can be built for: those of the runtime's Linux binaries. */
export const IMAGE_PLATFORMS = ['linux/amd64', 'linux/arm64'] as const;

/** @see https://github.com/opencontainers/image-spec/blob/main/image-index.md */
export type ImagePlatform = (typeof IMAGE_PLATFORMS)[number];

/** The platform whatever the machine that synthesizes: most clusters run it, and a plan must not depend on a laptop. */
export const DEFAULT_PLATFORM: ImagePlatform = 'linux/amd64';
