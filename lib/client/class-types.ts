import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import { commentText, stringLiteral } from './identifiers';
import { WIDTH } from './width';

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
