import type { Case } from './cases';
import { httpCase } from './http-cases';
import { MODELS } from './models';
import { Random } from './random';

export function makeCase(seed: number, index: number): Case {
  const random = new Random(seed, index);
  const model = random.below(MODELS.length);
  return httpCase(random, model, MODELS[model]!);
}
