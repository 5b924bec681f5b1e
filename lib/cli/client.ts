import { Command } from 'commander';
import { clientSource } from '../client/client-source';
import { shellWord } from '../shell-word';
import { addCalledModelOptions, type CalledModelOptions, readModel } from './model-options';
import { checkOutput, writeOutput } from './output';
import { print } from './print';

interface ClientOptions extends CalledModelOptions {
  out?: string;
}

/** Every client says how it was generated, in a comment of its own. */
const MARK = '//   model-serving client ';

export function clientCommand(): Command {
  return addCalledModelOptions(new Command('client'))
    .description('Generate a typed client of a model: one TypeScript file that needs nothing but fetch.')
    .option('--out <file>', 'where to write it (default: standard output)')
    .action((path: string, options: ClientOptions) => {
      const { out, preprocessing } = options;
      const output =
        out === undefined ? undefined : { option: '--out', path: out, inputs: [path, preprocessing], mark: MARK };
      if (output) checkOutput(output);
      // A client has only to fit the model that is here; whether others still fit is for the plan to say.
      const model = readModel(path, { ...options, interface: false, profile: false });
      const source = clientSource(model, commandText(path, options));
      if (!output) return void process.stdout.write(source);
      writeOutput(output, source);
      print(`${out}: a client of "${model.name}", version "${model.version}".`);
    });
}

/** The command that generates the same again. */
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
