import { Command, InvalidArgumentError } from 'commander';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';
import { LocalServer } from '../local-server';
import { LocalStage } from '../local-stage';
import { addStackModelOptions, readModel, type StackModelOptions } from './model-options';

const { httpPortNumber, grpcPortNumber, metricsPortNumber } = SETTING_DEFAULTS;

interface ServeOptions extends StackModelOptions {
  port: number;
  grpcPort: number;
  metricsPort: number;
  host: string;
  page: boolean;
}

export function serveCommand(): Command {
  return addStackModelOptions(new Command('serve'))
    .description("Serve a model on this machine without Docker: the image's own server and files, as a process.")
    .option('--port <port>', 'for HTTP; 0 for a free one', portNumber, httpPortNumber)
    .option('--grpc-port <port>', 'for gRPC; 0 for a free one', portNumber, grpcPortNumber)
    .option('--metrics-port <port>', 'for Prometheus; 0 for a free one', portNumber, metricsPortNumber)
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--no-page', 'without the page at / where a person tries the model')
    .action(async (path: string, { host, port, grpcPort, metricsPort, page, ...options }: ServeOptions) => {
      const settings = { host, httpPortNumber: port, grpcPortNumber: grpcPort, metricsPortNumber: metricsPort, page };
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

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError('Give a whole number from 0 to 65535.');
}
