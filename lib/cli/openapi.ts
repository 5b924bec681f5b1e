import { Command } from 'commander';
import { OPENAPI_MARK, openApiOf, untrueOpenApi, writeOpenApi } from '../openapi/openapi-file';
import { addDeclaredModelOptions, type DeclaredModelOptions, readModel } from './model-options';
import { checkOutput, printNote } from './output';

interface OpenApiOptions extends DeclaredModelOptions {
  out?: string;
}

export function openApiCommand(): Command {
  return addDeclaredModelOptions(new Command('openapi'))
    .description("Print the OpenAPI 3.1 document that a model's server returns at /openapi.json.")
    .option('--out <file>', 'file to write instead of standard output; an up-to-date file is not rewritten')
    .action((path: string, options: OpenApiOptions) => {
      const { out, card, preprocessing } = options;
      if (out !== undefined) {
        checkOutput({ option: '--out', path: out, inputs: [path, card, preprocessing], mark: OPENAPI_MARK });
      }
      const model = readModel(path, { ...options, profile: false, interface: false });
      const text = openApiOf(model);
      if (out === undefined) {
        process.stdout.write(text);
        return;
      }
      const source = { where: 'model-serving openapi', prop: '--out' };
      const warning = untrueOpenApi(out, model, source);
      if (warning !== undefined) printNote(`warning: ${warning}`);
      writeOpenApi(out, text, source);
    });
}
