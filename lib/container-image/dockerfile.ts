import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../base/package-root';
import { PICTURE_DECODER_FOLDER } from '../base/server-files';

export const DEFAULT_BASE_IMAGE = 'node:24-bookworm-slim';
export const DEFAULT_NODE_PATH = '/usr/local/bin/node';

const COPY_PICTURE_DECODER = `COPY --chmod=0555 app/${PICTURE_DECODER_FOLDER}/ /app/${PICTURE_DECODER_FOLDER}/\n`;

/** Whether this is an absolute path that a Dockerfile may contain unescaped. */
export function isNodePath(path: string): boolean {
  return /^(\/[\w.+@-]+)+$/.test(path);
}

export interface DockerfileProps {
  /** Path of node in the base image. An exec-form entrypoint needs the full path. */
  readonly nodePath: string;
  /** Whether the image includes the picture decoder. */
  readonly takesPictures: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Fills in the template inference-image/Dockerfile for one model. */
export function dockerfile({ nodePath, takesPictures, labels }: DockerfileProps): string {
  const template = readFileSync(join(packageRoot, 'inference-image', 'Dockerfile'), 'utf8');
  const labelLines = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${quoted(value)}\n`);
  // The decoder is copied before the files that change more often, so that its layer can be reused.
  const text = takesPictures ? template.replace(/^(?=COPY .* app\/\*\.cjs )/m, COPY_PICTURE_DECODER) : template;
  return text.replaceAll(DEFAULT_NODE_PATH, () => nodePath) + labelLines.join('');
}

/**
 * Quotes a value for a Dockerfile, which expands `$` in double quotes. A line break becomes a space, since a Dockerfile
 * cannot represent it.
 * @see https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
function quoted(value: string): string {
  return `"${value.replace(/\r?\n|\r/g, ' ').replace(/["\\$]/g, '\\$&')}"`;
}
