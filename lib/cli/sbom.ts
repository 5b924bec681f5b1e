import { Command, Option } from 'commander';
import { imageSbom, sbomText } from '../image/image-sbom';
import { DEFAULT_PLATFORM, IMAGE_PLATFORMS, type ImagePlatform } from '../image/platform';
import { serverFiles } from '../image/server-files';
import { replaceFile } from '../replace-file';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';

interface SbomOptions extends StackModelOptions {
  out?: string;
  platform: ImagePlatform;
}

export function sbomCommand(): Command {
  return addStackModelOptions(new Command('sbom'))
    .description("List what a model's image is made of, as CycloneDX: the model, the server and the runtime.")
    .option('--out <file>', 'write it there (default: to standard output)')
    .addOption(
      new Option('--platform <platform>', 'of the image').choices([...IMAGE_PLATFORMS]).default(DEFAULT_PLATFORM),
    )
    .action((path: string, options: SbomOptions) => {
      const model = readModel(path, options);
      const text = sbomText(imageSbom(model, serverFiles(options.platform, model)));
      if (options.out === undefined) process.stdout.write(text);
      else replaceFile(options.out, text);
    });
}
