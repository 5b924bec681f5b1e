import { quoted, quotedList } from '../base/cut-text';
import { invalid } from '../base/errors';
import {
  arrayField,
  booleanParameter,
  describe,
  type Fields,
  isAbsent,
  objectField,
  parametersField,
  stringField,
} from '../base/fields';
import type { TensorSignature } from '../contract/signature';

export interface RequestedOutputs {
  /** Names of the outputs in the requested order; all outputs of the model if the client names none. */
  readonly outputs: readonly string[];
  readonly binary: readonly boolean[];
}

/**
 * Reads the requested outputs and their form. The output's `binary_data` determines the form. If it is absent, the
 * request's `binary_data_output` does. The default is JSON.
 */
export class OutputReader {
  private readonly names: readonly string[];
  /** Result for requests that name no outputs and have no parameters, the most common kind. */
  private readonly all: RequestedOutputs;

  constructor(signature: readonly TensorSignature[]) {
    this.names = signature.map(({ name }) => name);
    this.all = { outputs: this.names, binary: this.names.map(() => false) };
  }

  /** Reads the requested outputs. @param parameters Parameters of the request. */
  read(request: Fields, parameters: Fields): RequestedOutputs {
    if (isAbsent(request.parameters) && isAbsent(request.outputs)) return this.all;
    const binaryByDefault = booleanParameter(parameters, 'binary_data_output', 'parameters') ?? false;
    const entries = isAbsent(request.outputs) ? [] : arrayField(request.outputs, 'outputs');
    const outputs = entries.length === 0 ? this.names : entries.map(readName);
    const binary =
      entries.length === 0
        ? this.names.map(() => binaryByDefault)
        : entries.map((entry, i) => readBinary(entry as Fields, `outputs[${i}]`) ?? binaryByDefault);
    outputs.forEach((name, i) => this.check(name, outputs.indexOf(name) < i));
    return { outputs, binary };
  }

  private check(name: string, repeated: boolean): void {
    if (!this.names.includes(name)) {
      throw invalid(`unknown output ${quoted(name)}; the model returns ${quotedList(this.names)}`);
    }
    if (repeated) throw invalid(`output ${quoted(name)} is requested twice`);
  }
}

function readName(entry: unknown, index: number): string {
  return stringField(objectField(entry, `outputs[${index}]`).name, `outputs[${index}].name`);
}

function readBinary(entry: Fields, path: string): boolean | undefined {
  const parameters = parametersField(entry.parameters, `${path}.parameters`);
  // Each of these parameters changes the answer, so ignoring it would return something that was not requested.
  for (const unsupported of ['classification', 'shared_memory_region']) {
    if (parameters[unsupported] !== undefined) throw invalid(`${path}: ${unsupported} is not supported`);
  }
  return booleanParameter(parameters, 'binary_data', `${path}.parameters`);
}

/**
 * Maximum time that a request may wait for its run, from `timeout` in microseconds; undefined if that is absent or 0.
 * `priority` is validated but ignored, because requests run in order of arrival.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_schedule_policy.md
 */
export function timeoutSeconds(parameters: Fields): number | undefined {
  count(parameters, 'priority', 'a non-negative whole number');
  const microseconds = count(parameters, 'timeout', 'a non-negative whole number of microseconds');
  return microseconds === 0 ? undefined : microseconds / 1e6;
}

function count(parameters: Fields, name: string, requirement: string): number {
  const value = parameters[name] ?? 0;
  // The value is a bigint if the parser keeps large integers exact.
  const number = typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number;
  throw invalid(`parameters.${name} is ${describe(value)}; it must be ${requirement}`);
}
