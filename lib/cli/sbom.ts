import { Command, Option } from 'commander';
import { imageSbom, SBOM_MARK, sbomText } from '../container-image/image-sbom';
import { DEFAULT_PLATFORM, IMAGE_PLATFORMS, type ImagePlatform, serverFiles } from '../base/server-files';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';
import { checkOutput, writeOutput } from './output';

interface SbomOptions extends StackModelOptions {
  out?: string;
  platform: ImagePlatform;
}

export function sbomCommand(): Command {
  return addStackModelOptions(new Command('sbom'))
    .description("List the components of a model's image in CycloneDX format: the model, the server and the runtime.")
    .option('--out <file>', 'file to write (default: standard output)')
    .addOption(
      new Option('--platform <platform>', 'platform of the image')
        .choices([...IMAGE_PLATFORMS])
        .default(DEFAULT_PLATFORM),
    )
    .action((path: string, options: SbomOptions) => {
      const { out, golden, card, preprocessing } = options;
      const inputs = [path, golden, card, preprocessing];
      const output = out === undefined ? undefined : { option: '--out', path: out, inputs, mark: SBOM_MARK };
      if (output) checkOutput(output);
      const model = readModel(path, options);
      const text = sbomText(imageSbom(model, serverFiles(options.platform, model)));
      if (output) writeOutput(output, text);
      else process.stdout.write(text);
    });
}
