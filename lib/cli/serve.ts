import { Command } from 'commander';
import { LocalServer } from '../local-server';
import { addModelOptions, type ModelOptions, readModel } from './model-options';

interface ServeOptions extends ModelOptions {
  port: string;
  metricsPort: string;
  host: string;
}

export function serveCommand(): Command {
  return addModelOptions(new Command('serve'))
    .description("Serve a model on this machine without Docker: the image's own server and files, as a process.")
    .option('--port <port>', 'for inference; 0 for a free one', '8080')
    .option('--metrics-port <port>', 'for Prometheus; 0 for a free one', '8082')
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .action(async (path: string, options: ServeOptions) => {
      const server = LocalServer.start(readModel(path, options), {
        host: options.host,
        httpPortNumber: Number(options.port),
        metricsPortNumber: Number(options.metricsPort),
      });
      // A terminal sends SIGINT to the server itself; SIGTERM reaches only this process.
      process.on('SIGINT', () => {});
      process.on('SIGTERM', () => server.stop());
      process.exitCode = await server.exited;
    });
}
