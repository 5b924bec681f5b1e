import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { ModelServingError, type Problem } from '../base/errors';

/** A port that a command listens on. */
export interface WantedPort {
  /** Option that sets the port, such as `--port`. */
  readonly option: string;
  /** Port number; 0 for any free port. */
  readonly port: number;
}

/**
 * Checks, before any other work, that the server can listen on all the given ports at the same time.
 *
 * @returns the address of the host
 * @throws ModelServingError `host-unavailable`, or `port-taken` for each port that the server cannot listen on
 */
export async function checkPorts(host: string, ports: readonly WantedPort[]): Promise<string> {
  // Node would listen on all addresses.
  if (host === '') throw new ModelServingError([hostEmpty()]);
  const problems: Problem[] = [];
  const listening: Server[] = [];
  for (const { option, port } of ports) {
    const server = createServer();
    try {
      server.listen(port, host);
      await once(server, 'listening');
      listening.push(server);
    } catch (error) {
      const failure = error as NodeJS.ErrnoException;
      const isOfPort = failure.code === 'EADDRINUSE' || failure.code === 'EACCES';
      problems.push(isOfPort ? portTaken(option, port, host, failure) : hostUnavailable(host, failure));
      if (!isOfPort) break;
    }
  }
  const [address] = listening.map((server) => (server.address() as AddressInfo).address);
  await Promise.all(listening.map((server) => once(server.close(), 'close')));
  ModelServingError.throwIfAny(problems);
  return address as string;
}

const HOST_REMEDY = 'Use an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of its addresses.';

function hostEmpty(): Problem {
  return { code: 'host-unavailable', message: `--host is empty; a shell variable may be unset. ${HOST_REMEDY}` };
}

function hostUnavailable(host: string, { code, syscall, message }: NodeJS.ErrnoException): Problem {
  const reason =
    syscall === 'getaddrinfo'
      ? 'the name cannot be resolved'
      : code === 'EADDRNOTAVAIL'
        ? 'this machine has no such address'
        : message;
  return {
    code: 'host-unavailable',
    message: `--host ${host}: cannot listen on this address: ${reason}. ${HOST_REMEDY}`,
  };
}

function portTaken(option: string, port: number, host: string, { code, message }: NodeJS.ErrnoException): Problem {
  const reason = code === 'EADDRINUSE' ? 'it is in use' : message;
  return {
    code: 'port-taken',
    message: `${option} ${port}: cannot listen on this port on ${host}: ${reason}. Use a different port, or 0 for any free port.`,
  };
}
