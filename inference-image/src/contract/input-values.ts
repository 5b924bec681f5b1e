/** Values that a model accepts at one input, as far as the graph shows them. Integers are not negative. */
export interface InputValues {
  /** Number of rows of the table that the values index. */
  readonly below?: number;
  /** Values that the graph looks up or compares with. */
  readonly among?: readonly (number | string)[];
  /** The input is a mask. */
  readonly isMask?: true;
  /** The values are lengths of sequences in these inputs. */
  readonly lengthsOf?: readonly string[];
}

/** By the name of the input; inputs of which the graph shows nothing are omitted. */
export type InputValuesByName = Readonly<Record<string, InputValues>>;
