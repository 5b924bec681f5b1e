import { Command, Option } from 'commander';
import { ModelServingError } from '../base/errors';
import { BuildContext } from '../container-image/build-context';
import { DEFAULT_NODE_PATH, isNodePath } from '../container-image/dockerfile';
import { imageErrors } from '../container-image/errors';
import { DEFAULT_PLATFORM, IMAGE_PLATFORMS, type ImagePlatform } from '../base/server-files';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';
import { checkNewFolder, print, printNote } from './output';

interface ContextOptions extends StackModelOptions {
  out: string;
  platform: ImagePlatform;
  nodePath: string;
}

export function contextCommand(): Command {
  return addStackModelOptions(new Command('context'))
    .description("Stage the build context of a model's image for docker buildx, kaniko, buildah or another builder.")
    .requiredOption('--out <folder>', 'new or empty folder to write to')
    .addOption(
      new Option('--platform <platform>', 'platform of the image')
        .choices([...IMAGE_PLATFORMS])
        .default(DEFAULT_PLATFORM),
    )
    .option('--node-path <path>', 'path of node in the base image', DEFAULT_NODE_PATH)
    .action((path: string, options: ContextOptions) => {
      const { platform, nodePath, out } = options;
      checkNewFolder('--out', out);
      if (!isNodePath(nodePath)) {
        throw new ModelServingError([imageErrors.nodePathInvalid('model-serving context', nodePath)]);
      }
      const context = BuildContext.of({ model: readModel(path, options), platform, nodePath });
      context.stage(out);
      printNote(`Staged ${context.files.length} files in ${out}. To build the image, for example:`);
      printNote(`  docker buildx build --platform ${platform} --tag NAME:${context.hash.slice(0, 16)} ${out}`);
      print(context.hash);
    });
}
