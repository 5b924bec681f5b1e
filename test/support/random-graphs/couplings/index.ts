import { POSITIONS } from './positions';
import { REDUCTIONS } from './reductions';

export type { Coupling } from './coupling';

export const COUPLINGS = [...REDUCTIONS, ...POSITIONS];
