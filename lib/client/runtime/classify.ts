import type { Caller } from './caller';
import { parseAnswer } from './infer-answer';
import { invalidAnswer } from './inference-error';
import type { CallOptions } from './options';

/** Classes that the model returns. */
export interface ClassSpec {
  readonly output: string;
  /** Numeric members that every class in an answer has, in addition to its name. */
  readonly numbers: readonly ('index' | 'score')[];
  /** All names; undefined if any name is possible. */
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

/** Decodes the classes of an answer, and checks that they match the types of this client. */
function decodeClasses(spec: ClassSpec, answer: unknown): object {
  const { model_name: modelName, model_version: modelVersion, classes } = Object(answer) as ClassAnswer;
  const decoded = Array.isArray(classes) ? classes.map((entry) => decodeClass(spec, entry)) : [];
  if (decoded.length === 0 || typeof modelName !== 'string' || typeof modelVersion !== 'string') throw noClass();
  return { modelName, modelVersion, ...decoded[0], classes: decoded };
}

function decodeClass({ names, numbers }: ClassSpec, entry: unknown): object {
  const answered = Object(entry) as ClassEntry;
  const { class: name } = answered;
  if (typeof name !== 'string') throw noClass();
  const what = `class ${JSON.stringify(name)} of the answer`;
  if (names && !names.includes(name))
    throw invalidAnswer(`${what} is not one of the classes that this client was generated for`);
  const decoded: Record<string, string | number> = { class: name };
  for (const number of ['index', 'score'] as const) {
    const value = answered[number];
    // Numbers that JSON cannot represent, such as NaN, are sent as strings.
    if (typeof value === 'number' || typeof value === 'string') decoded[number] = Number(value);
    else if (numbers.includes(number))
      throw invalidAnswer(`${what} has no ${number}; this client was generated for a model that returns the ${number}`);
  }
  return decoded;
}

function noClass(): Error {
  return invalidAnswer('the answer has no class; is this the URL of the model server?');
}
