import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import { printable } from '../../inference-image/src/contract/printable';
import { type Dimension, type TensorSignature, tensorText } from '../../inference-image/src/contract/signature';

/** Prefix of the names in a model's client: the client of `digits-v2` is `DigitsV2Client`. */
export function clientPrefix(modelName: string): string {
  const words = modelName.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const prefix = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^\d/.test(prefix) ? `Model${prefix}` : prefix;
}

export function isIdentifier(text: string): boolean {
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(text);
}

/** Formats a string literal, in single quotes unless they would have to be escaped. */
export function stringLiteral(text: string): string {
  const json = printable(JSON.stringify(text));
  if (text.includes("'") && !text.includes('"')) return json;
  return `'${json.slice(1, -1).replace(/\\(.)|'/g, (token, escaped) => (escaped === '"' ? '"' : token === "'" ? "\\'" : token))}'`;
}

export function propertyName(text: string): string {
  return isIdentifier(text) ? text : stringLiteral(text);
}

/** Makes text safe for a comment: puts it on one line, and breaks up character sequences that would end the comment. */
export function commentText(text: string): string {
  return printable(text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')).replaceAll('*/', '* /');
}

/** Maximum line length of a generated client. */
export const WIDTH = 120;

/** Members of a TypeScript interface, one for each tensor. */
export function tensorMembers(tensors: readonly TensorSignature[], type: 'InputTensor' | 'OutputTensor'): string {
  return tensors
    .flatMap((tensor) => [`  /** ${commentText(tensorText(tensor))} */`, tensorMember(tensor, type)])
    .join('\n');
}

function tensorMember({ name, datatype, dimensions }: TensorSignature, type: string): string {
  const open = `  readonly ${propertyName(name)}: ${type}<`;
  const sizes = dimensions.map(sizeType);
  const line = `${open}'${datatype}', readonly [${sizes.join(', ')}]>;`;
  if (line.length <= WIDTH) return line;
  const shape = `    readonly [${sizes.join(', ')}]`;
  const shapeLines =
    shape.length <= WIDTH ? [shape] : ['    readonly [', ...sizes.map((size) => `      ${size},`), '    ]'];
  return [open, `    '${datatype}',`, ...shapeLines, '  >;'].join('\n');
}

function sizeType(dimension: Dimension): string {
  if (typeof dimension === 'number') return String(dimension);
  return dimension !== null && isIdentifier(dimension) ? `${dimension}: number` : 'number';
}

/** Member `inputs` or `outputs` of the constant that describes the model to the client at run time. */
export function tensorSpecs(member: string, tensors: readonly TensorSignature[]): string {
  const specs = tensors.map(specLine);
  const line = `  ${member}: [${specs.join(', ')}],`;
  if (tensors.length === 1 && line.length <= WIDTH) return line;
  const lines = tensors.map((tensor, i) =>
    `    ${specs[i]},`.length <= WIDTH ? `    ${specs[i]},` : specBlock(tensor),
  );
  return [`  ${member}: [`, ...lines, '  ],'].join('\n');
}

function specLine({ name, datatype, dimensions }: TensorSignature): string {
  const sizes = dimensions.map(sizeValue).join(', ');
  return `{ name: ${stringLiteral(name)}, datatype: '${datatype}', dimensions: [${sizes}] }`;
}

function specBlock({ name, datatype, dimensions }: TensorSignature): string {
  const sizes = dimensions.map(sizeValue);
  const list = `      dimensions: [${sizes.join(', ')}],`;
  const lists =
    list.length <= WIDTH ? [list] : ['      dimensions: [', ...sizes.map((size) => `        ${size},`), '      ],'];
  return ['    {', `      name: ${stringLiteral(name)},`, `      datatype: '${datatype}',`, ...lists, '    },'].join(
    '\n',
  );
}

function sizeValue(dimension: Dimension): string {
  return typeof dimension === 'string' ? stringLiteral(dimension) : String(dimension);
}

/**
 * Maximum number of class names in a union type. Editors truncate longer unions, and a longer list would make up most
 * of the client.
 */
const MAX_NAMES = 100;

/** Types of a client whose model returns classes. */
export function classTypes(prefix: string, classes: ClassOutput): string {
  const names = knownNames(classes);
  const members = [`  readonly class: ${names ? `${prefix}ClassName` : 'string'};`, ...numberMembers(classes)];
  const nameType = `/** Names of the classes. */
export type ${prefix}ClassName = (typeof CLASS_NAMES)[number];

`;
  return `${names ? nameType : ''}/** A class from the output ${commentText(JSON.stringify(classes.output))}. */
export interface ${prefix}Class {
${members.join('\n')}
}

/** The best class, and the model that returned it. */
export interface ${prefix}Classification extends ${prefix}Class {
  readonly modelName: string;
  readonly modelVersion: string;
  /** Up to five classes, the best first. */
  readonly classes: readonly [${prefix}Class, ...${prefix}Class[]];
}`;
}

/** @param input - type of the inputs to classify */
export function classifyMethod(prefix: string, input: string): string {
  const parameters = [`inputs: ${input}`, 'options: CallOptions = {}'];
  const answer = `Promise<${prefix}Classification>`;
  const line = `  classify(${parameters.join(', ')}): ${answer} {`;
  const head =
    line.length <= WIDTH
      ? line
      : ['  classify(', ...parameters.map((parameter) => `    ${parameter},`), `  ): ${answer} {`].join('\n');
  return `${head}
    return classify(this.caller, CLASSES, inputs, options) as ${answer};
  }`;
}

/** Constants that describe the classes to the client at run time. */
export function classSpec(classes: ClassOutput): string {
  const names = knownNames(classes);
  const numbers = NUMBERS[classes.kind].map(stringLiteral).join(', ');
  return `${names ? `${nameList(names)}\n\n` : ''}const CLASSES: ClassSpec = {
  output: ${stringLiteral(classes.output)},
  numbers: [${numbers}],${names ? '\n  names: CLASS_NAMES,' : ''}
};`;
}

/** Numeric members that every class in an answer has. */
const NUMBERS: Record<ClassOutput['kind'], readonly ('index' | 'score')[]> = {
  scores: ['index', 'score'],
  index: ['index'],
  label: [],
};

function numberMembers({ kind, softmax, names }: ClassOutput): string[] {
  if (kind === 'label') {
    const index = ["  /** Set if the model's label is one of the names. */", '  readonly index?: number | undefined;'];
    return names ? index : [];
  }
  const score = [
    `  /** ${softmax ? 'A probability.' : 'The score that the model returns.'} */`,
    '  readonly score: number;',
  ];
  return ['  readonly index: number;', ...(kind === 'scores' ? score : [])];
}

/** All names that an answer can contain; undefined if there are too many, or if a label may differ from the names. */
function knownNames({ kind, names }: ClassOutput): readonly string[] | undefined {
  return kind !== 'label' && names && names.length <= MAX_NAMES ? names : undefined;
}

function nameList(names: readonly string[]): string {
  const literals = names.map(stringLiteral);
  const line = `const CLASS_NAMES = [${literals.join(', ')}] as const;`;
  if (line.length <= WIDTH) return line;
  return ['const CLASS_NAMES = [', ...literals.map((literal) => `  ${literal},`), '] as const;'].join('\n');
}
