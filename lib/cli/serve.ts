import { Command, InvalidArgumentError } from 'commander';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import { ModelServingError } from '../errors';
import { localHosts } from '../local-hosts';
import { LocalServer } from '../local-server';
import { LocalStage } from '../local-stage';
import { invalidOptions } from '../serving-options';
import { checkPorts } from './free-ports';
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
    .description("Serve a model on this machine without Docker: the image's own server and files, as a process.")
    .option('--port <port>', 'for HTTP; 0 for a free one', portNumber, httpPortNumber)
    .option('--grpc-port <port>', 'for gRPC; 0 for a free one', portNumber, grpcPortNumber)
    .option('--metrics-port <port>', 'for Prometheus; 0 for a free one', portNumber, metricsPortNumber)
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--allowed-origins <origins>', 'origins of other web pages that may send requests, with commas', names)
    .option(
      '--allowed-hosts <names>',
      'names that requests may have for it, with commas (default: those of this machine, where it listens on a loopback address)',
      names,
    )
    .option('--no-page', 'without the page at / where a person tries the model')
    .action(async (path: string, { port, grpcPort, metricsPort, ...options }: ServeOptions) => {
      const { host, page, allowedOrigins, allowedHosts = localHosts(host) } = options;
      const ports = { httpPortNumber: port, grpcPortNumber: grpcPort, metricsPortNumber: metricsPort };
      ModelServingError.throwIfAny(invalidOptions({ allowedOrigins, allowedHosts }, optionCalled));
      await checkPorts(host, [
        { option: '--port', port },
        { option: '--grpc-port', port: grpcPort },
        { option: '--metrics-port', port: metricsPort },
      ]);
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

/** How the command line calls an option of `serving`: `--allowed-hosts` for `allowedHosts`. */
function optionCalled(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function names(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError('Give a whole number from 0 to 65535.');
}
