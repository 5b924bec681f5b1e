import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BuildContext } from '../../lib/container-image/build-context';
import { OnnxModel } from '../../lib/onnx-model/onnx-model';
import { initializer, node, value, writeOnnxModel } from '../support/onnx-builder';

export const folder = mkdtempSync(join(tmpdir(), 'model-serving-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

/**
 * Writes a model of two small layers (4 → 16 → 3). It computes for less than a microsecond, so only the serving is
 * measured.
 */
export function tinyModel(seed = 0): string {
  const weights = (rows: number, columns: number) =>
    Float32Array.from({ length: rows * columns }, (_, i) => Math.sin(seed + i));
  return writeOnnxModel(join(folder, 'tiny.onnx'), {
    inputs: [value('input', 'float', ['batch', 4])],
    outputs: [value('output', 'float', ['batch', 3])],
    nodes: [
      node('MatMul', ['input', 'a'], ['hidden']),
      node('Relu', ['hidden'], ['active']),
      node('MatMul', ['active', 'b'], ['output']),
    ],
    initializers: [
      initializer('a', 'float', [4, 16], weights(4, 16)),
      initializer('b', 'float', [16, 3], weights(16, 3)),
    ],
  });
}

/** Stages the build context of a model's image, and returns its folder. */
export function staged(file: string): string {
  const model = OnnxModel.fromFile(file);
  const context = BuildContext.of({ model, platform: 'linux/amd64', nodePath: '/usr/local/bin/node' });
  const target = mkdtempSync(join(folder, 'context-'));
  context.stage(target);
  return target;
}
