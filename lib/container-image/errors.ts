import type { Problem } from '../base/errors';
import { IMAGE_PLATFORMS } from '../base/server-files';

/** Errors of an image; `where` is the construct's path. */
export const imageErrors = {
  baseImageMusl: (where: string, baseImage: string): Problem => ({
    code: 'base-image-musl',
    message: `${where}: baseImage "${baseImage}" is based on Alpine (musl), but onnxruntime needs glibc. Use a Debian, Ubuntu, RHEL or distroless image with Node 20 or newer, such as node:24-bookworm-slim.`,
  }),

  baseImageInvalid: (where: string, baseImage: string): Problem => ({
    code: 'base-image-invalid',
    message: `${where}: baseImage "${baseImage}" is not a valid image reference. Use a name with a tag or digest, such as node:24-bookworm-slim or registry.example.com/node@sha256:….`,
  }),

  repositoryInvalid: (where: string, repository: string): Problem => ({
    code: 'repository-invalid',
    message: `${where}: repository "${repository}" is not a valid repository name. Use a registry and a lower-case path without a tag, such as registry.example.com/ml/digits; the tag is a hash of the content.`,
  }),

  platformUnsupported: (where: string, platform: string): Problem => ({
    code: 'platform-unsupported',
    message: `${where}: platform "${platform}" is not supported. Use ${IMAGE_PLATFORMS.join(' or ')}.`,
  }),

  nodePathInvalid: (where: string, nodePath: string): Problem => ({
    code: 'node-path-invalid',
    message: `${where}: nodePath "${nodePath}" is not an absolute path that contains only letters, digits and "._@+-". Use the path of the node binary in the base image, such as /nodejs/bin/node.`,
  }),

  referenceInvalid: (reference: string): Problem => ({
    code: 'image-reference-invalid',
    message: `InferenceImage.fromRegistry: "${reference}" is not a valid image reference. Use a repository with a tag or, preferably, a digest, such as registry.example.com/ml/digits@sha256:….`,
  }),

  contextFolderLink: (folder: string): Problem => ({
    code: 'context-folder-link',
    message: `${folder} is a symbolic link. Use a new or empty folder: a build context must not contain other files.`,
  }),

  contextFolderNotEmpty: (folder: string): Problem => ({
    code: 'context-folder-not-empty',
    message: `${folder} is a file or a folder that is not empty. Use a new or empty folder: a build context must not contain other files.`,
  }),
};
