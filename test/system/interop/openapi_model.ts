// Writes the model that the tests of the OpenAPI document use in addition to digits.
// Usage: node --import tsx openapi_model.ts FILE
import { node, value, writeOnnxModel } from '../../support/onnx-builder';

/** Model with inputs of several datatypes; some of their dimensions share symbols, and others are fixed. */
writeOnnxModel(process.argv[2] as string, {
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
