import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../support/root';
import { servingModel } from '../../bench/serving-models';
import { modelsIn, type CaseTensor } from '../zoo/prepared-model';

/** Model to test, with a real request if its inputs have no fixed size or cannot be generated. */
export interface Subject {
  readonly name: string;
  readonly file: string;
  readonly request?: readonly CaseTensor[];
}

/**
 * Models of the zoo: recurrent, convolutional and transformer models with fixed and free rows. A row takes from 10 µs
 * to 100 ms.
 */
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
  digits: () => join(ROOT, 'examples/digits/digits.onnx'),
  mlp: () => servingModel('mlp').file,
  image: () => servingModel('image').file,
};

/** Models whose names contain at least one of the strings in `only`; all models if `only` is empty. */
export function subjects(zoo: string, only: readonly string[]): Subject[] {
  const isWanted = (name: string) => only.length === 0 || only.some((text) => name.includes(text));
  const wanted = ZOO.filter(isWanted);
  const made = Object.entries(MADE_HERE).filter(([name]) => isWanted(name));
  return [...zooSubjects(zoo, wanted), ...made.map(([name, file]) => ({ name, file: file() }))];
}

/** Models of the zoo, each with its first request. */
function zooSubjects(zoo: string, names: readonly string[]): Subject[] {
  const missing = names.filter((name) => !existsSync(join(zoo, name, 'model.onnx')));
  if (missing.length > 0) {
    throw new Error(
      `${zoo} lacks ${missing.join(', ')}. Prepare the models with npm run test:zoo -- --all --group packages, or give --zoo.`,
    );
  }
  return modelsIn(zoo, 'packages').flatMap((entry) => {
    if (!names.includes(entry.name) || 'skipped' in entry) return [];
    return [{ name: entry.name, file: entry.path, request: entry.cases[0]!.inputs }];
  });
}
