import { Command } from 'commander';
import { packageRoot, readPackage } from '../base/package-root';
import { checkCommand } from './check';
import { clientCommand } from './client';
import { contextCommand } from './context';
import { goldenCommand } from './golden';
import { inspectCommand } from './inspect';
import { interfaceCommand, oldInterfaceCommand } from './interface';
import { openApiCommand } from './openapi';
import { profileCommand } from './profile';
import { rebatchCommand } from './rebatch';
import { sbomCommand } from './sbom';
import { serveCommand } from './serve';

/** Builds the program with all its commands. */
export function modelServing(): Command {
  return new Command('model-serving')
    .description(
      'Inspect, check and measure an ONNX model, stage the build context of its image, serve it on this machine, or generate a client for it.',
    )
    .version(readPackage(packageRoot).version)
    .showHelpAfterError()
    .addCommand(inspectCommand())
    .addCommand(contextCommand())
    .addCommand(sbomCommand())
    .addCommand(serveCommand())
    .addCommand(checkCommand())
    .addCommand(goldenCommand())
    .addCommand(profileCommand())
    .addCommand(rebatchCommand())
    .addCommand(interfaceCommand())
    .addCommand(clientCommand())
    .addCommand(openApiCommand())
    .addCommand(oldInterfaceCommand(), { hidden: true });
}
