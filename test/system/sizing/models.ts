import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { freeDimensions, rowAxes } from '../../../inference-image/src/contract/row-axes';
import { dimensionName } from '../../../inference-image/src/contract/signature';
import { servingModel } from '../../bench/serving-models';
import { modelsIn } from '../zoo/prepared-model';

/** A model, and the sizes that its requests have. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly dimensions: Readonly<Record<string, number>>;
}

/** Of the zoo: recurrent, convolutional and transformer models; of fixed rows and of free ones; 10 µs to 100 ms a row. */
const ZOO = [
  'magika',
  'minilm',
  'ocr_classifier',
  'dddd_ocr',
  'silero_vad',
  'smart_turn',
  'thai_attacut_c',
  'wake_embedding',
  'dns_mos_p808',
];

const MADE_HERE: Readonly<Record<string, () => string>> = {
  digits: () => join(__dirname, '../../../examples/digits/digits.onnx'),
  mlp: () => servingModel('mlp').file,
  image: () => servingModel('image').file,
};

/** The models with one of these texts in their names, or all. */
export function subjects(zoo: string, only: readonly string[]): Subject[] {
  const isWanted = (name: string) => only.length === 0 || only.some((text) => name.includes(text));
  const wanted = ZOO.filter(isWanted);
  const made = Object.entries(MADE_HERE).filter(([name]) => isWanted(name));
  return [...zooSubjects(zoo, wanted), ...made.map(([name, file]) => ({ name, file: file(), dimensions: {} }))];
}

/** With the sizes that the first of their real requests has. */
function zooSubjects(zoo: string, names: readonly string[]): Subject[] {
  const missing = names.filter((name) => !existsSync(join(zoo, name, 'model.onnx')));
  if (missing.length > 0) {
    throw new Error(
      `${zoo} lacks ${missing.join(', ')}. Prepare the models with npm run test:zoo -- --all --group packages, or give --zoo.`,
    );
  }
  return modelsIn(zoo, 'packages').flatMap((entry) => {
    if (!names.includes(entry.name) || 'skipped' in entry) return [];
    const { signature, batching } = OnnxModel.fromFile(entry.path, { profile: false });
    const shapes = new Map(entry.cases[0]!.inputs.map(({ name, shape }) => [name, shape]));
    const sizes = Object.fromEntries(
      signature.inputs.flatMap((input) =>
        input.dimensions.map((_, axis) => [dimensionName(input, axis), shapes.get(input.name)?.[axis] ?? 1]),
      ),
    );
    const free = freeDimensions(signature, rowAxes(batching));
    return [
      { name: entry.name, file: entry.path, dimensions: Object.fromEntries(free.map((name) => [name, sizes[name]!])) },
    ];
  });
}
