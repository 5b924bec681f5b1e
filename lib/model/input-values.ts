import type { InputValues, InputValuesByName } from '../../inference-image/src/contract/input-values';
import {
  domainName,
  withSubgraphs,
  type AttributeMessage,
  type GraphMessage,
  type NodeMessage,
  type TensorMessage,
} from '../onnx/decoded-model';
import { requestInputs, type ValueInfo } from '../onnx/value-info';
import { constantTensor } from '../row-independence/values/constants';

/**
 * Operators whose outputs contain the values of their first input, possibly in a different shape or type. The output of
 * Concat contains the values of all inputs.
 */
const KEEPING = new Set(
  'Cast Concat Expand Flatten Gather GatherElements GatherND Identity Reshape Slice Split Squeeze StringNormalizer Tile Tokenizer Transpose Unsqueeze'.split(
    ' ',
  ),
);

/** Operators that do not change the shape of a lookup table. */
const SAME_SHAPE = new Set(['Cast', 'DequantizeLinear', 'Identity', 'QuantizeLinear']);

/** Operators that scale a quantized lookup table; the result has the shape of the larger operand. */
const SCALING = new Set(['Add', 'Div', 'Mul', 'Sub']);

/** Index of the input with the sequence lengths, for each operator that has one. */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    GRU: 4,
    LSTM: 4,
    RNN: 4,
    DynamicQuantizeLSTM: 4,
    ReverseSequence: 1,
  }),
);

/** Index of the mask input of each operator that has one. */
const MASKS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    Attention: 3,
    EmbedLayerNormalization: 7,
    MultiHeadAttention: 4,
    QAttention: 5,
    Where: 0,
  }),
);

/** Names of the attributes that list the values known to an operator, by operator. */
const VOCABULARIES: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    CategoryMapper: ['cats_strings', 'cats_int64s'],
    LabelEncoder: ['keys_strings', 'keys_int64s', 'keys_floats', 'keys_tensor', 'classes_strings'],
    OneHotEncoder: ['cats_strings', 'cats_int64s'],
    TfIdfVectorizer: ['pool_strings', 'pool_int64s'],
  }),
);

/** Maximum number of values to record in `among`; more would not improve an example. */
const MAX_AMONG = 64;

/** Maximum number of inputs that each value is traced back to. */
const MAX_ORIGINS = 16;

/** TensorProto.DataType */
const STRING = 8;
const BOOL = 9;
const INTEGERS: ReadonlySet<number> = new Set([2, 3, 4, 5, 6, 7, 12, 13]);

/** Derives constraints on the values of inputs from the nodes that use them. */
export function inputValues(graph: GraphMessage): InputValuesByName {
  const finder = new ValueFinder(requestInputs(graph));
  for (const each of withSubgraphs(graph)) finder.read(each);
  return finder.found();
}

interface Table {
  readonly message: TensorMessage;
  /** Whether the table still has the shape that is stored in the file. */
  readonly isWhole: boolean;
}

class ValueFinder {
  private readonly integers: ReadonlySet<string>;
  /** Maps the name of each tensor that carries the values of an input to the name of that input. */
  private readonly inputCarriedBy: Map<string, string>;
  /** Names of the inputs that each tensor depends on. */
  private readonly origins: Map<string, ReadonlySet<string>>;
  private readonly tables = new Map<string, Table>();
  private readonly values = new Map<string, InputValues>();

  constructor(inputs: readonly ValueInfo[]) {
    const names = inputs.map(({ name }) => name);
    this.integers = new Set(inputs.flatMap(({ name, elementType }) => (INTEGERS.has(elementType) ? name : [])));
    this.inputCarriedBy = new Map(names.map((name) => [name, name]));
    this.origins = new Map(names.map((name) => [name, new Set([name])]));
    for (const name of names) if (/mask/i.test(name)) this.note(name, { isMask: true });
  }

  found(): InputValuesByName {
    return Object.fromEntries(this.values);
  }

  read({ initializer, node: nodes }: GraphMessage): void {
    for (const message of initializer) this.tables.set(message.name, { message, isWhole: true });
    for (const node of nodes) {
      this.use(node);
      this.follow(node);
    }
  }

  private follow({ opType, input, output, attribute }: NodeMessage): void {
    const origins = this.originsOf(input);
    for (const name of output) this.origins.set(name, origins);
    const [first = ''] = output;
    if (opType === 'Constant') {
      const message = constantOf(attribute);
      if (message) this.tables.set(first, { message, isWhole: true });
      return;
    }
    const carrier = (opType === 'Concat' ? input : input.slice(0, 1)).find((name) => this.inputCarriedBy.has(name));
    const table = this.tables.get(input[0] ?? '');
    if (KEEPING.has(opType) && carrier !== undefined) {
      for (const name of output) this.inputCarriedBy.set(name, this.inputCarriedBy.get(carrier)!);
    } else if (table && SCALING.has(opType)) {
      const other = this.tables.get(input[1] ?? '');
      if (other) this.tables.set(first, countOf(other.message) > countOf(table.message) ? other : table);
    } else if (table && (KEEPING.has(opType) || SAME_SHAPE.has(opType))) {
      this.tables.set(first, { ...table, isWhole: table.isWhole && SAME_SHAPE.has(opType) });
    }
  }

  /** Records the constraints that a node puts on its inputs. */
  private use({ opType, domain, input, attribute }: NodeMessage): void {
    const at = (index: number) => this.inputCarriedBy.get(input[index] ?? '');
    const attributeOf = (name: string) => attribute.find((each) => each.name === name);
    switch (opType) {
      case 'Gather':
      case 'GatherElements':
        this.noteRows(at(1), input[0], attributeOf('axis')?.i ?? 0);
        break;
      case 'GatherBlockQuantized':
        this.noteRows(at(1), input[0], attributeOf('gather_axis')?.i ?? 0);
        break;
      case 'EmbedLayerNormalization':
        this.noteRows(at(0), input[2], 0);
        this.noteRows(at(1), input[4], 0);
        break;
      case 'OneHot':
        this.note(at(0), { below: Number(this.elements(input[1])?.[0]) || undefined });
        break;
      case 'Equal':
        this.noteCompared(at(0), input[1]);
        this.noteCompared(at(1), input[0]);
        break;
      case 'Greater':
      case 'GreaterOrEqual':
      case 'Less':
      case 'LessOrEqual':
        this.noteOrdered(at(0), input[1]);
        this.noteOrdered(at(1), input[0]);
        break;
      case 'And':
      case 'Or':
      case 'Not':
        for (const index of input.keys()) this.note(at(index), { isMask: true });
        break;
      case 'Cast':
        if (attributeOf('to')?.i === BOOL) this.note(at(0), { isMask: true });
        break;
      case 'Sub':
        // Models compute 1 - mask and multiply the result by a large negative number.
        if (this.elements(input[0])?.every((value) => value === 1)) this.note(at(1), { isMask: true });
        break;
    }
    const mask = MASKS.get(opType);
    if (mask !== undefined) this.note(at(mask), { isMask: true });
    const lengths = LENGTHS.get(opType);
    if (lengths !== undefined) this.noteLengths(at(lengths), input[0]);
    if (domainName(domain) === 'com.microsoft') return;
    for (const name of VOCABULARIES.get(opType) ?? []) this.note(at(0), { among: valuesOf(attributeOf(name)) });
  }

  private noteRows(name: string | undefined, table: string | undefined, axis: number): void {
    const found = this.tables.get(table ?? '');
    if (found?.isWhole) this.note(name, { below: found.message.dims.at(axis) });
  }

  /**
   * Records the constants that an input is compared with. An input that is compared with several numbers is assumed to
   * be an index into them.
   */
  private noteCompared(name: string | undefined, other: string | undefined): void {
    const message = this.tables.get(other ?? '')?.message;
    if (!message) return;
    const count = countOf(message);
    const values = this.elements(other) ?? [];
    if (message.dataType !== STRING && count > 1) this.note(name, { below: count });
    // A second value makes the other branch of the condition reachable.
    else
      this.note(name, { among: [...values, ...values.filter(Number.isFinite).map((value) => (value === 0 ? 1 : 0))] });
  }

  private noteLengths(name: string | undefined, sequences: string | undefined): void {
    this.note(name, { lengthsOf: [...this.originsOf([sequences ?? ''])].filter((origin) => origin !== name) });
  }

  /**
   * Records that an input contains lengths. An integer input that is compared with values from another input is assumed
   * to contain the lengths of that input's sequences.
   */
  private noteOrdered(name: string | undefined, other: string | undefined): void {
    const others = [...this.originsOf([other ?? ''])];
    if (name !== undefined && this.integers.has(name) && others.length > 0 && !others.includes(name)) {
      this.note(name, { lengthsOf: others });
    }
  }

  private originsOf(names: readonly string[]): ReadonlySet<string> {
    const found = new Set<string>();
    for (const name of names) {
      for (const origin of this.origins.get(name) ?? []) if (found.size < MAX_ORIGINS) found.add(origin);
      if (found.size === MAX_ORIGINS) break;
    }
    return found;
  }

  private elements(name: string | undefined): readonly (number | string)[] | undefined {
    const message = this.tables.get(name ?? '')?.message;
    return message && elementsOf(message);
  }

  private note(name: string | undefined, more: InputValues): void {
    if (name === undefined) return;
    const previous = this.values.get(name);
    const below = Math.min(previous?.below ?? Infinity, more.below ?? Infinity);
    const among = [...new Set([...(previous?.among ?? []), ...(more.among ?? [])])].slice(0, MAX_AMONG);
    const lengthsOf = more.lengthsOf ?? previous?.lengthsOf;
    const values: InputValues = {
      ...(Number.isFinite(below) && { below }),
      ...(among.length > 0 && { among }),
      ...((previous?.isMask || more.isMask) && { isMask: true }),
      ...(lengthsOf && { lengthsOf }),
    };
    if (Object.keys(values).length > 0) this.values.set(name, values);
  }
}

function countOf({ dims }: TensorMessage): number {
  return dims.reduce((product, size) => product * size, 1);
}

function constantOf(attributes: readonly AttributeMessage[]): TensorMessage | undefined {
  const value = (name: string) => attributes.find((attribute) => attribute.name === name);
  const tensor = value('value')?.t;
  if (tensor) return tensor;
  const one = value('value_int') ?? value('value_ints');
  if (!one) return undefined;
  const int64Data = one.name === 'value_int' ? [one.i] : one.ints;
  const dims = one.name === 'value_int' ? [] : [one.intsCount || one.ints.length];
  return { ...EMPTY_TENSOR, dims, int64Data };
}

/** TensorProto.DataType.INT64 */
const INT64 = 7;

const EMPTY_TENSOR: TensorMessage = {
  name: '',
  dataType: INT64,
  dims: [],
  rawDataBytes: 0,
  rawData: new Uint8Array(),
  floatData: [],
  int32Data: [],
  int64Data: [],
  stringData: [],
  doubleData: [],
  uint64Data: [],
  externalData: [],
  dataLocation: 0,
};

/** Elements of a tensor, as far as the skeleton contains them. */
function elementsOf(message: TensorMessage): readonly (number | string)[] | undefined {
  if (message.dataType === STRING) return message.stringData.map(textOf);
  const tensor = constantTensor(message);
  return tensor.values?.flatMap((value) => value.constant ?? []);
}

function valuesOf(attribute: AttributeMessage | undefined): readonly (number | string)[] | undefined {
  if (!attribute) return undefined;
  const { strings, ints, floats, t } = attribute;
  if (t) return elementsOf(t);
  return [...strings.map(textOf), ...ints, ...floats];
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8');
}
