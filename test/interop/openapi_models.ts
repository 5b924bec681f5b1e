// Writes the models that the OpenAPI document is tried with into a folder: node --import tsx openapi_models.ts FOLDER
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { node, value, writeOnnxModel } from '../support/onnx-builder';

const folder = process.argv[2] as string;
mkdirSync(folder, { recursive: true });

/** As digits.onnx, but that a person can read its requests. */
writeOnnxModel(join(folder, 'small-digits.onnx'), {
  inputs: [value('image', 'float', ['batch', 1, 4, 4])],
  outputs: [value('logits', 'float', ['batch', 16])],
  nodes: [node('Flatten', ['image'], ['logits'])],
});

/** Several inputs of several datatypes, symbols that they share, and fixed sizes. */
writeOnnxModel(join(folder, 'mixed.onnx'), {
  inputs: [
    value('ids', 'int64', ['batch', 'length']),
    value('text', 'string', ['batch']),
    value('flags', 'bool', [2]),
    value('weight', 'double', []),
  ],
  outputs: [
    value('same ids', 'int64', ['batch', 'length']),
    value('same text', 'string', ['batch']),
    value('unset', 'bool', [2]),
    value('same weight', 'double', []),
  ],
  nodes: [
    node('Identity', ['ids'], ['same ids']),
    node('Identity', ['text'], ['same text']),
    node('Not', ['flags'], ['unset']),
    node('Identity', ['weight'], ['same weight']),
  ],
});
