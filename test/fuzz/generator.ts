import type { Case } from './cases';
import { bytesCase, grpcCase } from './grpc-cases';
import { httpCase } from './http-cases';
import { MODELS } from './models';
import { Random } from './random';

/** Creates a case. Two thirds of the cases are for HTTP, because more can be invalid there than in gRPC. */
export function makeCase(seed: number, index: number): Case {
  const random = new Random(seed, index);
  const model = random.below(MODELS.length);
  const kind = random.next();
  if (kind < 0.65) return httpCase(random, model, MODELS[model]!);
  return kind < 0.98 ? grpcCase(random, model, MODELS[model]!) : bytesCase(random, model);
}
