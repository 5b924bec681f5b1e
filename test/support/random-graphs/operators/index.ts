import { ATTENTION } from './attention';
import { AXES } from './axes';
import { ELEMENTWISE } from './elementwise';
import { FUSED } from './fused';
import { LAYOUT } from './layout';
import { LINEAR } from './linear';
import type { RowWise } from './operator';
import { QUANTIZED } from './quantized';
import { RECURRENT } from './recurrent';

export type { RowWise } from './operator';

/** All kinds are equally likely, and so are the operators of a kind; layout occurs twice. */
export const KINDS: readonly (readonly RowWise[])[] = [
  ELEMENTWISE,
  LINEAR,
  AXES,
  LAYOUT,
  LAYOUT,
  RECURRENT,
  ATTENTION,
  QUANTIZED,
  FUSED,
];
