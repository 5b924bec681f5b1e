import { isIP } from 'node:net';
import { Command, InvalidArgumentError } from 'commander';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import { checkCacheFolder } from '../base/cache';
import { ModelServingError } from '../base/errors';
import { localHosts } from '../base/local-hosts';
import { LocalServer } from '../local/local-server';
import { LocalStage } from '../local/local-stage';
import { invalidOptions } from '../terraform/serving-options';
import { checkPorts } from '../local/free-ports';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';

const { httpPortNumber, grpcPortNumber, metricsPortNumber } = SETTING_DEFAULTS;

interface ServeOptions extends StackModelOptions {
  port: number;
  grpcPort: number;
  metricsPort: number;
  host: string;
  page: boolean;
  allowedOrigins?: string[];
  allowedHosts?: string[];
}

export function serveCommand(): Command {
  return addStackModelOptions(new Command('serve'))
    .description(
      "Serve a model on this machine without Docker, with the same server and files as in the model's image.",
    )
    .option('--port <port>', 'HTTP port; 0 for any free port', portNumber, httpPortNumber)
    .option('--grpc-port <port>', 'gRPC port; 0 for any free port', portNumber, grpcPortNumber)
    .option('--metrics-port <port>', 'port for Prometheus metrics; 0 for any free port', portNumber, metricsPortNumber)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allowed-origins <origins>', 'comma-separated list of other origins whose pages may send requests', names)
    .option(
      '--allowed-hosts <names>',
      'comma-separated host names that requests may use (default: localhost and the loopback addresses if --host is a loopback address, otherwise any name)',
      names,
    )
    .option('--no-page', 'disable the page at /, where you can try the model')
    .action(async (path: string, { port, grpcPort, metricsPort, ...options }: ServeOptions) => {
      const { host, page, allowedOrigins } = options;
      const ports = { httpPortNumber: port, grpcPortNumber: grpcPort, metricsPortNumber: metricsPort };
      ModelServingError.throwIfAny(invalidOptions({ allowedOrigins, allowedHosts: options.allowedHosts }, optionName));
      checkCacheFolder();
      const address = await checkPorts(host, [
        { option: '--port', port },
        { option: '--grpc-port', port: grpcPort },
        { option: '--metrics-port', port: metricsPort },
      ]);
      // The name of this machine may stand for a loopback address.
      const { allowedHosts = localHosts(address, ...(isIP(host) ? [] : [host])) } = options;
      const settings = { host, ...ports, page, allowedOrigins, allowedHosts };
      const stage = LocalStage.of(readModel(path, options));
      try {
        const server = LocalServer.start(stage, settings);
        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.stop());
        process.exitCode = await server.exited;
      } finally {
        stage.remove();
      }
    });
}

/** Name of a `serving` option on the command line: `--allowed-hosts` for `allowedHosts`. */
function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError('Use a whole number from 0 to 65535.');
}
