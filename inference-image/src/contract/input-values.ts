/** What the graph shows of the values that a model takes at one input. Integers are whole numbers from 0. */
export interface InputValues {
  /** They are indices of a table of so many rows. */
  readonly below?: number;
  /** The graph looks them up, or compares them with these. */
  readonly among?: readonly (number | string)[];
  /** It says which elements count. */
  readonly isMask?: true;
  /** They are lengths of sequences in the inputs of these names. */
  readonly lengthsOf?: readonly string[];
}

/** By the name of the input; those of which the graph shows nothing are left out. */
export type InputValuesByName = Readonly<Record<string, InputValues>>;
