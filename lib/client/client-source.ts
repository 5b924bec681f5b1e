import type { OnnxModel } from '../model/onnx-model';
import { clientPrefix, commentText } from './identifiers';
import { runtimeText } from './runtime-text';
import { tensorMembers, tensorSpecs } from './tensor-types';

export type ClientModel = Pick<OnnxModel, 'name' | 'version' | 'sha256' | 'signature'>;

/**
 * A typed client of one model, as the text of a TypeScript file that needs nothing else.
 *
 * @param command - that makes the file anew
 */
export function clientSource(model: ClientModel, command: string): string {
  return `${header(model, command)}\n\n${modelPart(model)}\n\n${runtimeText()}\n`;
}

function header({ name, version, sha256 }: ClientModel, command: string): string {
  return `// A client of the model ${name}, version ${version}
// sha256 ${sha256}
//
// Generated: to change it, generate it anew.
//   ${commentText(command)}
/* eslint-disable */`;
}

function modelPart({ name, signature: { inputs, outputs } }: ClientModel): string {
  const prefix = clientPrefix(name);
  return `/** What the model takes. */
export interface ${prefix}Inputs {
${tensorMembers(inputs, 'InputTensor')}
}

/** What the model gives. */
export interface ${prefix}Outputs {
${tensorMembers(outputs, 'OutputTensor')}
}

/** Calls the model ${name}. Every method fails with an InferenceError, whose \`code\` says what kind of failure it is. */
export class ${prefix}Client {
  private readonly caller: Caller;

  constructor(options: ClientOptions) {
    this.caller = new Caller(MODEL, options);
  }

  /**
   * Runs the model.
   *
   * @param options.outputs - the outputs to ask for; all of them where it is left out
   */
  infer<Name extends keyof ${prefix}Outputs = keyof ${prefix}Outputs>(
    inputs: ${prefix}Inputs,
    options: CallOptions & { readonly outputs?: readonly [Name, ...Name[]] | undefined } = {},
  ): Promise<Pick<${prefix}Outputs, Name>> {
    return this.caller.infer(inputs, options) as Promise<Pick<${prefix}Outputs, Name>>;
  }

  /** Whether the model is served: false too as long as nothing answers. It is asked once, whatever \`retries\` says. */
  ready(options: CallOptions = {}): Promise<boolean> {
    return this.caller.ready(options);
  }

  /** What the server says of the model. */
  metadata(options: CallOptions = {}): Promise<ModelMetadata> {
    return this.caller.metadata(options);
  }
}

const MODEL: ModelSpec = {
  name: '${name}',
${tensorSpecs('inputs', inputs)}
${tensorSpecs('outputs', outputs)}
};`;
}
