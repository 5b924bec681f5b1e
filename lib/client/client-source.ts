import type { Model } from '../model/model';
import {
  classifyMethod,
  classSpec,
  classTypes,
  clientPrefix,
  commentText,
  tensorMembers,
  tensorSpecs,
} from './client-types';
import { runtimeText } from './runtime-text';

export type ClientModel = Pick<Model, 'name' | 'version' | 'sha256' | 'signature' | 'picture' | 'classes'>;

/**
 * Generates a typed client of one model, as a TypeScript file without dependencies.
 *
 * @param command - command that regenerates the file
 */
export function clientSource(model: ClientModel, command: string): string {
  const runtime = runtimeText({ pictures: model.picture !== undefined, classes: model.classes !== undefined });
  return `${header(model, command)}\n\n${modelPart(model)}\n\n${runtime}\n`;
}

function header({ name, version, sha256 }: ClientModel, command: string): string {
  return `// Client of the model ${name}, version ${version}
// sha256 ${sha256}
//
// Generated: do not edit. To update it, run:
//   ${commentText(command)}
/* eslint-disable */`;
}

function modelPart(model: ClientModel): string {
  const { name, signature, classes } = model;
  const prefix = clientPrefix(name);
  return [
    `/** Inputs of the model. */
export interface ${prefix}Inputs {
${tensorMembers(signature.inputs, 'InputTensor')}
}`,
    `/** Outputs of the model. */
export interface ${prefix}Outputs {
${tensorMembers(signature.outputs, 'OutputTensor')}
}`,
    ...(classes ? [classTypes(prefix, classes)] : []),
    clientClass(model, prefix),
    `const MODEL: ModelSpec = {
  name: '${name}',
${tensorSpecs('inputs', signature.inputs)}
${tensorSpecs('outputs', signature.outputs)}
};`,
    ...(classes ? [classSpec(classes)] : []),
  ].join('\n\n');
}

function clientClass({ name, picture, classes }: ClientModel, prefix: string): string {
  const input = picture ? `${prefix}Inputs | Picture` : `${prefix}Inputs`;
  const members = [
    `  private readonly caller: Caller;`,
    `  constructor(options: ClientOptions) {
    this.caller = new ${picture ? 'PictureCaller' : 'Caller'}(MODEL, options);
  }`,
    `  /**
   * Runs the model${picture ? ', on tensors or on a picture' : ''}.
   *
   * @param options.outputs - the outputs to return; all by default
   */
  infer<Name extends keyof ${prefix}Outputs = keyof ${prefix}Outputs>(
    inputs: ${input},
    options: CallOptions & { readonly outputs?: readonly [Name, ...Name[]] | undefined } = {},
  ): Promise<Pick<${prefix}Outputs, Name>> {
    return this.caller.infer(inputs, options) as Promise<Pick<${prefix}Outputs, Name>>;
  }`,
    ...(classes
      ? [
          `  /** Classifies one input: tensors with one row${picture ? ', or a picture' : ''}. */
${classifyMethod(prefix, input)}`,
        ]
      : []),
    `  /** Whether the model is ready; false if no server answers. Never retries. */
  ready(options: CallOptions = {}): Promise<boolean> {
    return this.caller.ready(options);
  }`,
    `  /** Metadata of the model. */
  metadata(options: CallOptions = {}): Promise<ModelMetadata> {
    return this.caller.metadata(options);
  }`,
  ];
  return `/** Client of the model ${name}. Methods reject with an InferenceError, whose \`code\` is the kind of failure. */
export class ${prefix}Client {
${members.join('\n\n')}
}`;
}
