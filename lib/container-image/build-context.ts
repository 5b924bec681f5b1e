import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { MANIFEST_FILE, SBOM_FILE } from '../../inference-image/src/contract/model-manifest';
import { ModelServingError } from '../base/errors';
import { linkOrCopy, makeFolder } from '../base/write-file';
import type { Model } from '../model/model';
import { dockerfile } from './dockerfile';
import { imageErrors } from './errors';
import { imageLabels } from './image-labels';
import { imageSbom, sbomText } from './image-sbom';
import { type ContextFile, fromContent, type ImagePlatform, serverFiles } from '../base/server-files';

export interface BuildContextProps {
  readonly model: Model;
  readonly platform: ImagePlatform;
  readonly nodePath: string;
}

/**
 * Everything that the build of an inference image reads: the Dockerfile, server, runtime and model. The files are
 * written only by {@link BuildContext.stage}.
 */
export class BuildContext {
  static of({ model, platform, nodePath }: BuildContextProps): BuildContext {
    const takesPictures = model.picture !== undefined;
    const server = serverFiles(platform, model);
    return new BuildContext([
      fromContent('Dockerfile', dockerfile({ nodePath, takesPictures, labels: imageLabels(model) })),
      ...server,
      ...modelFiles(model),
      fromContent(`model/${SBOM_FILE}`, sbomText(imageSbom(model, server))),
    ]);
  }

  /**
   * sha256 of a list in the format of `sha256sum`: the sha256 and the path of every file, sorted by path. Times, modes
   * and source folders do not affect this hash.
   */
  readonly hash: string;

  constructor(readonly files: readonly ContextFile[]) {
    const listing = [...files]
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map(({ path, sha256 }) => `${sha256}  ${path}\n`)
      .join('');
    this.hash = createHash('sha256').update(listing).digest('hex');
  }

  /**
   * Writes the context into a new or empty folder. A file on this machine becomes a reflink, a hard link or a copy: the
   * first of these that the file system supports.
   * @throws ModelServingError `context-folder-not-empty`
   */
  stage(folder: string): void {
    if (existsSync(folder) && !isEmptyFolder(folder)) {
      throw new ModelServingError([imageErrors.contextFolderNotEmpty(folder)]);
    }
    for (const { path, source } of this.files) {
      const target = join(folder, path);
      makeFolder(dirname(target));
      if ('file' in source) linkOrCopy(source.file, target);
      else writeFileSync(target, source.content);
    }
  }
}

function isEmptyFolder(path: string): boolean {
  return statSync(path).isDirectory() && readdirSync(path).length === 0;
}

/** Files of the server's model folder. */
export function modelFiles(model: Model): ContextFile[] {
  return [
    fromContent(`model/${MANIFEST_FILE}`, `${JSON.stringify(model.manifest(), undefined, 2)}\n`),
    ...model.files.map(({ path, sourcePath, sha256, text }) => ({
      path: `model/${path}`,
      sha256,
      source: text === undefined ? { file: sourcePath } : { content: text },
    })),
  ];
}
