import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root';

export const DEFAULT_BASE_IMAGE = 'node:24-bookworm-slim';
export const DEFAULT_NODE_PATH = '/usr/local/bin/node';

/** Under app/, for models that take pictures. */
export const PICTURE_DECODER_FOLDER = 'picture-decoder';
const COPY_PICTURE_DECODER = `COPY --chmod=0555 app/${PICTURE_DECODER_FOLDER}/ /app/${PICTURE_DECODER_FOLDER}/\n`;

export interface DockerfileProps {
  /** Where the base image keeps node; an exec-form entrypoint needs the whole path. */
  readonly nodePath: string;
  /** Whether the image holds the picture decoder. */
  readonly takesPictures: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** inference-image/Dockerfile for one model. */
export function dockerfile({ nodePath, takesPictures, labels }: DockerfileProps): string {
  const template = readFileSync(join(packageRoot, 'inference-image', 'Dockerfile'), 'utf8');
  const labelLines = Object.entries(labels).map(([name, value]) => `LABEL ${name}=${quoted(value)}\n`);
  // Before what changes more often.
  const text = takesPictures ? template.replace(/^(?=COPY .* app\/\*\.cjs )/m, COPY_PICTURE_DECODER) : template;
  return text.replaceAll(DEFAULT_NODE_PATH, () => nodePath) + labelLines.join('');
}

/**
 * In double quotes a Dockerfile expands `$`, and has no way to write a line break, which becomes a space.
 * @see https://docs.docker.com/reference/dockerfile/#environment-replacement
 */
function quoted(value: string): string {
  return `"${value.replace(/\r?\n|\r/g, ' ').replace(/["\\$]/g, '\\$&')}"`;
}
