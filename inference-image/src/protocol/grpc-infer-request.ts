import type { Signature } from '../contract/signature';
import { invalid } from '../errors';
import { InputChecks } from '../inference/input-checks';
import type { TensorData, TensorHeader } from '../inference/tensor';
import { decodeBinaryData } from './binary-data';
import { parametersField, type Fields } from './fields';
import { inInput, readHeader, type InferRequest } from './infer-request';
import { OutputReader } from './requested-outputs';
import { timeoutSeconds } from './schedule-policy';
import { bigintOf, decodeTypedContents, isEmptyContents, type Long, type TypedContents } from './typed-contents';

type Choice = 'bool_param' | 'int64_param' | 'string_param' | 'double_param' | 'uint64_param';
type Parameters = Readonly<Record<string, Readonly<Record<Choice, unknown>> & { readonly parameter_choice?: Choice }>>;

interface InputMessage {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly Long[];
  readonly parameters: Parameters;
  readonly contents?: TypedContents | null;
}

/** ModelInferRequest as protobufjs reads it. */
export interface InferRequestMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InputMessage[];
  readonly outputs: readonly { readonly name: string; readonly parameters: Parameters }[];
  readonly raw_input_contents: readonly Buffer[];
}

/** Reads inference requests to one model, as gRPC brings them: the checks and their words are those of HTTP. */
export class GrpcInferRequestDecoder {
  private readonly checks: InputChecks;
  private readonly outputs: OutputReader;

  constructor({ inputs, outputs }: Signature) {
    this.checks = new InputChecks(inputs);
    this.outputs = new OutputReader(outputs);
  }

  decode(request: InferRequestMessage): InferRequest {
    const { id, inputs, outputs, raw_input_contents: raw } = request;
    const headers = inputs.map(({ name, datatype, shape }, i) =>
      readHeader({ name, datatype, shape: shape.map((size) => size.toNumber()) }, i),
    );
    this.checks.check(headers);
    if (raw.length > 0) checkRaw(inputs, raw);
    const parameters = fieldsOf(request.parameters, 'parameters');
    const requested = outputs.map((output) => ({ name: output.name, parameters: valuesOf(output.parameters) }));
    return {
      id,
      inputs: headers.map((header, i) => ({ ...header, data: readData(header, inputs[i] as InputMessage, raw[i]) })),
      ...this.outputs.read({ outputs: requested }, parameters),
      timeoutSeconds: timeoutSeconds(parameters),
    };
  }
}

/** Elements are all raw or all typed: https://github.com/triton-inference-server/server/issues/2937 */
function checkRaw(inputs: readonly InputMessage[], raw: readonly Buffer[]): void {
  if (raw.length !== inputs.length) {
    throw invalid(`raw_input_contents has ${raw.length} buffers; the request has ${inputs.length} inputs`);
  }
  const typed = inputs.find(({ contents }) => !isEmptyContents(contents));
  if (typed) throw inInput(typed.name, 'it has contents; where there are raw_input_contents no input takes them');
}

function readData(header: TensorHeader, input: InputMessage, raw: Buffer | undefined): TensorData {
  try {
    const { shared_memory_region: region } = fieldsOf(input.parameters, 'parameters');
    if (region !== undefined) throw invalid('shared memory is not supported');
    if (raw) return decodeBinaryData(header, raw);
    if (input.contents) return decodeTypedContents(header, input.contents);
    throw invalid('it has no data');
  } catch (error) {
    throw inInput(header.name, error);
  }
}

const NONE: Fields = {};

function fieldsOf(parameters: Parameters, what: string): Fields {
  return parametersField(valuesOf(parameters), what);
}

function valuesOf(parameters: Parameters): Fields {
  const entries = Object.entries(parameters);
  if (entries.length === 0) return NONE;
  return Object.fromEntries(
    entries.map(([name, parameter]) => {
      const { parameter_choice: choice } = parameter;
      const value = choice && parameter[choice];
      return [name, typeof value === 'object' ? wholeNumber(value as Long) : value];
    }),
  );
}

function wholeNumber(value: Long): number | bigint {
  const number = value.toNumber();
  return Number.isSafeInteger(number) ? number : bigintOf(value);
}
