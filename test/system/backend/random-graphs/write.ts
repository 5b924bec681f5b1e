/** Writes random graphs to a folder for check.py: tsx test/system/backend/random-graphs/write.ts OUT [COUNT] [SEED] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { writeOnnxModel } from '../../../support/onnx-builder';
import { coupledRecipes, independentRecipes, make } from '../../../support/random-graphs/recipe';

const [out = 'random-graphs', count = '200', seed = '1'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const cases = Object.entries({ independent: independentRecipes, coupled: coupledRecipes }).flatMap(([truth, recipes]) =>
  fc.sample(recipes, { numRuns: Number(count), seed: Number(seed) }).map((recipe, i) => {
    const { parts, operators } = make(recipe);
    const name = `${truth}-${i}`;
    writeOnnxModel(join(out, `${name}.onnx`), parts);
    return { name, truth, opset: recipe.opset, operators };
  }),
);
writeFileSync(join(out, 'cases.json'), JSON.stringify(cases, null, 1));
