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

/**
 * Kinds of operators. All entries are equally likely, and so are the operators of a kind. Layout is listed twice to
 * make it more likely.
 */
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
