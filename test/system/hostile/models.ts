import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { ROOT } from '../../support/root';
import { identity, initializer, node, value, writeOnnxModel, type ModelParts } from '../../support/onnx-builder';

const EXAMPLE = join(ROOT, 'examples/digits');

/**
 * Models to attack. `digits` is the digits example. `text` returns strings unchanged. `several` has three inputs. In
 * `expanding`, a number in the request determines the size of the output.
 */
export type ModelName = 'digits' | 'text' | 'several' | 'expanding';

const PARTS: Readonly<Record<Exclude<ModelName, 'digits'>, ModelParts>> = {
  text: identity('string', ['n']),
  several: {
    inputs: ['a', 'b', 'c'].map((name) => value(name, 'float', ['batch', 4])),
    outputs: [value('sum', 'float', ['batch', 4])],
    nodes: [node('Add', ['a', 'b'], ['ab']), node('Add', ['ab', 'c'], ['sum'])],
  },
  expanding: {
    inputs: [value('size', 'int64', [1])],
    outputs: [value('y', 'float', ['n'])],
    nodes: [node('ConstantOfShape', ['size'], ['zeros']), node('Add', ['zeros', 'one'], ['y'])],
    initializers: [initializer('one', 'float', [], Float32Array.of(1))],
  },
};

/** JSON request of a well-behaved client, for each model. */
export const REQUESTS: Readonly<Record<ModelName, string>> = {
  digits: JSON.stringify(JSON.parse(readFileSync(join(EXAMPLE, 'digits.samples.json'), 'utf8'))[0].request),
  text: '{"inputs":[{"name":"x","datatype":"BYTES","shape":[2],"data":["one","two"]}]}',
  several: `{"inputs":[${['a', 'b', 'c'].map((name) => `{"name":"${name}","datatype":"FP32","shape":[1,4],"data":[1,2.5,3,4]}`)}]}`,
  expanding: '{"inputs":[{"name":"size","datatype":"INT64","shape":[1],"data":[5]}]}',
};

/** Creates a model. @param profile Path of a profile of digits; false for none */
export function modelOf(name: ModelName, profile: string | false = false): OnnxModel {
  if (name === 'digits') {
    // Uses the same options as examples/digits/stack.ts.
    return OnnxModel.fromFile(join(EXAMPLE, 'digits.onnx'), {
      golden: join(EXAMPLE, 'digits.golden.json'),
      picture: { color: 'rgb', mean: 0.5, std: 0.5, maxPixels: 4_000_000 },
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      classScores: 'softmax',
      profile,
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'hostile-'));
  return OnnxModel.fromFile(writeOnnxModel(join(folder, `${name}.onnx`), PARTS[name]), { profile: false });
}
