/** What is measured now, of how much. */
export interface Step {
  readonly what: string;
  readonly detail?: string;
  /** Seconds since the beginning. */
  readonly done: number;
  /** Seconds that it all still takes, as far as is known: what comes may turn out to be slower, or needless. */
  readonly left: number;
}

export type OnStep = (step: Step) => void;
