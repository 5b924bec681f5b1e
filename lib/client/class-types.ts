import type { ClassOutput } from '../../inference-image/src/contract/picture-input';
import { commentText, stringLiteral } from './identifiers';
import { WIDTH } from './width';

/** With more of them, a union helps nobody: editors cut it short, and the names would be most of the client. */
const MAX_NAMES = 100;

/** The types of a client that tells classes. */
export function classTypes(prefix: string, classes: ClassOutput): string {
  const names = knownNames(classes);
  const members = [`  readonly class: ${names ? `${prefix}ClassName` : 'string'};`, ...numberMembers(classes)];
  const nameType = `/** The names of the classes. */
export type ${prefix}ClassName = (typeof CLASS_NAMES)[number];

`;
  return `${names ? nameType : ''}/** A class, as the output ${commentText(JSON.stringify(classes.output))} tells it. */
export interface ${prefix}Class {
${members.join('\n')}
}

/** The class, and which model told it. */
export interface ${prefix}Classification extends ${prefix}Class {
  readonly modelName: string;
  readonly modelVersion: string;
  /** The best five at most, the best first. */
  readonly classes: readonly [${prefix}Class, ...${prefix}Class[]];
}`;
}

/** @param input - the type of what is classified */
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

/** What the client knows of classes when it runs. */
export function classSpec(classes: ClassOutput): string {
  const names = knownNames(classes);
  const numbers = NUMBERS[classes.kind].map(stringLiteral).join(', ');
  return `${names ? `${nameList(names)}\n\n` : ''}const CLASSES: ClassSpec = {
  output: ${stringLiteral(classes.output)},
  numbers: [${numbers}],${names ? '\n  names: CLASS_NAMES,' : ''}
};`;
}

/** What each class of an answer has for certain. */
const NUMBERS: Record<ClassOutput['kind'], readonly ('index' | 'score')[]> = {
  scores: ['index', 'score'],
  index: ['index'],
  label: [],
};

function numberMembers({ kind, softmax, names }: ClassOutput): string[] {
  if (kind === 'label') {
    const index = ["  /** Where the model's label is one of the names. */", '  readonly index?: number | undefined;'];
    return names ? index : [];
  }
  const score = [`  /** ${softmax ? 'A probability.' : 'As the model gives it.'} */`, '  readonly score: number;'];
  return ['  readonly index: number;', ...(kind === 'scores' ? score : [])];
}

/** All names that an answer can have, where these are few; a label may be none of those declared. */
function knownNames({ kind, names }: ClassOutput): readonly string[] | undefined {
  return kind !== 'label' && names && names.length <= MAX_NAMES ? names : undefined;
}

function nameList(names: readonly string[]): string {
  const literals = names.map(stringLiteral);
  const line = `const CLASS_NAMES = [${literals.join(', ')}] as const;`;
  if (line.length <= WIDTH) return line;
  return ['const CLASS_NAMES = [', ...literals.map((literal) => `  ${literal},`), '] as const;'].join('\n');
}
