import { Command } from 'commander';
import { clientSource } from '../client/client-source';
import { shellWord } from '../base/text';
import { addClientModelOptions, type ClientModelOptions, readModel } from './model-options';
import { checkOutput, print, writeOutput } from './output';

interface ClientOptions extends ClientModelOptions {
  out?: string;
}

/** Comment that marks a file as a generated client. */
const MARK = '//   model-serving client ';

export function clientCommand(): Command {
  return addClientModelOptions(new Command('client'))
    .description('Generate a typed client for a model: a TypeScript file whose only dependency is fetch.')
    .option('--out <file>', 'file to write (default: standard output)')
    .action((path: string, options: ClientOptions) => {
      const { out, preprocessing } = options;
      const output =
        out === undefined ? undefined : { option: '--out', path: out, inputs: [path, preprocessing], mark: MARK };
      if (output) checkOutput(output);
      // The accepted interface is not read: it protects the clients of earlier versions, and this client is generated
      // for the current model.
      const model = readModel(path, { ...options, interface: false, profile: false });
      const source = clientSource(model, commandText(path, options));
      if (!output) return void process.stdout.write(source);
      writeOutput(output, source);
      print(`${out}: client for "${model.name}", version "${model.version}".`);
    });
}

/** Command that generates the same client again. */
function commandText(path: string, { name, modelVersion, preprocessing, out }: ClientOptions): string {
  const options = {
    '--name': name,
    '--model-version': modelVersion,
    '--preprocessing': preprocessing,
    '--out': out,
  };
  const given = Object.entries(options).flatMap(([option, value]) => (value === undefined ? [] : [option, value]));
  return ['model-serving', 'client', path, ...given].map(shellWord).join(' ');
}
