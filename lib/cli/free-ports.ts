import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { ModelServingError, type Problem } from '../errors';

/** A port that a command listens on. */
export interface WantedPort {
  /** Option that names it: `--port`. */
  readonly option: string;
  /** 0 for a free one. */
  readonly port: number;
}

/**
 * Refuses ports that cannot be listened on together, before any work is done for it.
 *
 * @throws ModelServingError `port-taken`, with every such port
 */
export async function checkPorts(host: string, ports: readonly WantedPort[]): Promise<void> {
  const problems: Problem[] = [];
  const listening: Server[] = [];
  for (const { option, port } of ports) {
    const server = createServer();
    try {
      server.listen(port, host);
      await once(server, 'listening');
      listening.push(server);
    } catch (error) {
      problems.push(portTaken(option, port, host, error as NodeJS.ErrnoException));
    }
  }
  await Promise.all(listening.map((server) => once(server.close(), 'close')));
  ModelServingError.throwIfAny(problems);
}

function portTaken(option: string, port: number, host: string, { code, message }: NodeJS.ErrnoException): Problem {
  const reason = code === 'EADDRINUSE' ? 'it is in use' : message;
  return {
    code: 'port-taken',
    message: `${option} ${port}: cannot listen on this port of ${host}: ${reason}. Give another port, or 0 for a free one.`,
  };
}
