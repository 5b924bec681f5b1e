import { join } from 'node:path';
import { ROOT } from '../support/root';
import { DEFAULT_BASE_IMAGE } from '../../lib/container-image/dockerfile';
import { buildImage, docker, whyNoEngine } from '../support/container/docker';
import { staged, tinyModel } from './models';
import type { Row } from './table';

const DIGITS = join(ROOT, 'examples/digits/digits.onnx');

/** Measures the size of an image. If no Docker engine has the base image, returns a row with this reason instead. */
export function imageRows(): Row[] {
  const target = '≤ 52 MB more, plus the model';
  const reason = whyNoEngine();
  if (reason)
    return [
      { what: 'size of an image, against its base image', ours: `not run: ${reason}`, baseline: '', ratio: '', target },
    ];
  const [ours, base] = [sizeOf(build(DIGITS)), sizeOf(DEFAULT_BASE_IMAGE)];
  return [
    {
      what: 'size of the image with the 0.25 MB digits model, against its base image',
      ours: megabytes(ours),
      baseline: megabytes(base),
      ratio: `${megabytes(ours - base)} more`,
      target,
    },
    changedModelRow(),
  ];
}

/** Counts the image layers that change when the model is replaced by a different model of the same size. */
function changedModelRow(): Row {
  const [old, changed] = [1, 2].map((seed) => layersOf(build(tinyModel(seed))));
  const shipped = changed!.filter((layer) => !old!.includes(layer));
  return {
    what: 'new image layers after a model change',
    ours: String(shipped.length),
    baseline: `${changed!.length} in total`,
    ratio: '',
    target: '1',
  };
}

function build(file: string): string {
  return buildImage(staged(file));
}

function layersOf(image: string): string[] {
  return JSON.parse(docker('inspect', '--format={{json .RootFS.Layers}}', image));
}

function sizeOf(image: string): number {
  return Number(docker('inspect', '--format={{.Size}}', image));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
