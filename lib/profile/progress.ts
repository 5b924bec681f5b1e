/** What is measured now, of how much. */
export interface Step {
  readonly what: string;
  readonly detail?: string;
  /** In parts that take about as long as each other. */
  readonly done: number;
  /** As far as is known: what comes may turn out to be needless. */
  readonly left: number;
}

export type OnStep = (step: Step) => void;
