import type { Attack } from '../attack';
import { answers } from './answers';
import { binary } from './binary';
import { bodies } from './bodies';
import { connections } from './connections';
import { grpcMessages } from './grpc-messages';
import { grpcStreams } from './grpc-streams';
import { jsonStructure } from './json';
import { pictures } from './pictures';
import { valid } from './valid';

export const ATTACKS: readonly Attack[] = [
  ...bodies,
  ...jsonStructure,
  ...binary,
  ...grpcMessages,
  ...grpcStreams,
  ...answers,
  ...connections,
  ...pictures,
  ...valid,
];

export function attackOf(name: string): Attack {
  const found = ATTACKS.find((attack) => attack.name === name);
  if (!found) throw new Error(`There is no attack ${name}.`);
  return found;
}
