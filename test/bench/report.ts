import type { Row } from './table';

/** Results of a section: rows with targets, and tables of all its figures. */
export interface Report {
  readonly rows: Row[];
  /** Markdown tables, each with its heading. */
  readonly figures?: string[];
}

/** Extent of the measurements: complete or quick. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUpSeconds: number;
}

export const WHOLE: Effort = { rounds: 3, seconds: 1.5, warmUpSeconds: 1.5 };
export const QUICK: Effort = { rounds: 1, seconds: 1, warmUpSeconds: 1 };
