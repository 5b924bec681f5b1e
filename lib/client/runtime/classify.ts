import type { Caller } from './caller';
import { parseAnswer } from './infer-answer';
import { invalidAnswer } from './inference-error';
import type { CallOptions } from './options';

/** What the model tells of a class. */
export interface ClassSpec {
  readonly output: string;
  /** What every class of an answer has besides its name. */
  readonly numbers: readonly ('index' | 'score')[];
  /** All names; undefined where a class may have any. */
  readonly names?: readonly string[] | undefined;
}

interface ClassEntry {
  readonly class?: unknown;
  readonly index?: unknown;
  readonly score?: unknown;
}

interface ClassAnswer {
  readonly model_name?: unknown;
  readonly model_version?: unknown;
  readonly classes?: unknown;
}

export async function classify(caller: Caller, spec: ClassSpec, input: object, options: CallOptions): Promise<object> {
  return caller.post('/classify', input, caller.outputSpecs([spec.output]), options, ({ body }) =>
    decodeClasses(spec, parseAnswer(body)),
  );
}

/** The classes of an answer, which must be such as the types of this client promise. */
function decodeClasses(spec: ClassSpec, answer: unknown): object {
  const { model_name: modelName, model_version: modelVersion, classes } = Object(answer) as ClassAnswer;
  const told = Array.isArray(classes) ? classes.map((entry) => decodeClass(spec, entry)) : [];
  if (told.length === 0 || typeof modelName !== 'string' || typeof modelVersion !== 'string') throw noClass();
  return { modelName, modelVersion, ...told[0], classes: told };
}

function decodeClass({ names, numbers }: ClassSpec, entry: unknown): object {
  const answered = Object(entry) as ClassEntry;
  const { class: name } = answered;
  if (typeof name !== 'string') throw noClass();
  const what = `class ${JSON.stringify(name)} of the answer`;
  if (names && !names.includes(name)) throw invalidAnswer(`${what} is none that this client was generated for`);
  const told: Record<string, string | number> = { class: name };
  for (const number of ['index', 'score'] as const) {
    const value = answered[number];
    // What JSON has no number for is a string.
    if (typeof value === 'number' || typeof value === 'string') told[number] = Number(value);
    else if (numbers.includes(number))
      throw invalidAnswer(`${what} has no ${number}, which this client was generated for`);
  }
  return told;
}

function noClass(): Error {
  return invalidAnswer('the answer has no class; is this the URL of the model server?');
}
