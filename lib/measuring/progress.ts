/** The current step of a measurement. */
export interface Step {
  readonly what: string;
  readonly detail?: string;
  /** Seconds since the beginning. */
  readonly done: number;
  /** Estimated seconds left. Later steps can turn out to be slower or unnecessary. */
  readonly left: number;
}

export type OnStep = (step: Step) => void;
