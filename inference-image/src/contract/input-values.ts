/** Values that a model accepts at one input, as far as its graph shows. Integers are never negative. */
export interface InputValues {
  /** Number of rows of the table that the values index; each value must be less than this number. */
  readonly below?: number;
  /** Values that the graph looks up, or that it compares the input with. */
  readonly among?: readonly (number | string)[];
  /** Whether the input is a mask. */
  readonly isMask?: true;
  /** Names of the inputs whose sequences have these values as their lengths. */
  readonly lengthsOf?: readonly string[];
}

/** Accepted values by the input's name; inputs about which the graph shows nothing are omitted. */
export type InputValuesByName = Readonly<Record<string, InputValues>>;
