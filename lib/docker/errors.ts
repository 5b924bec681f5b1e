import { inspect } from 'node:util';
import type { Problem } from '../errors';
import type { HostPort } from './host-port';

/** What can be wrong with a ContainerizedModel; `where` is the construct's path. */
export const dockerErrors = {
  bindAddressInvalid: (where: string, address: string): Problem => ({
    code: 'bind-address-invalid',
    message: `${where}: bindAddress "${address}" is not an IP address. Give one of this host's, such as 127.0.0.1, or 0.0.0.0 for all.`,
  }),

  cpusOutOfRange: (where: string, cpus: number): Problem => ({
    code: 'cpus-out-of-range',
    message: `${where}: cpus is ${inspect(cpus)}. Give a number of CPUs of 0.01 or more, such as 0.5 or 2.`,
  }),

  containerNameInvalid: (where: string, name: string): Problem => ({
    code: 'container-name-invalid',
    message: `${where}: containerName "${name}" is not a container name. Use letters, digits, "_", "." and "-", two or more, beginning with a letter or digit.`,
  }),

  containerNameTaken: (where: string, name: string, other: string): Problem => ({
    code: 'container-name-taken',
    message: `${where}: the container name "${name}" is already that of ${other}, on the same Docker provider. Give one of them another containerName.`,
  }),

  engineHostInvalid: (where: string, host: string): Problem => ({
    code: 'engine-host-invalid',
    message: `${where}: host of its Docker provider is "${host}", which has no scheme, so that the provider cannot connect. Begin it with one, such as tcp://, ssh:// or unix://.`,
  }),

  portTaken: (where: string, { prop, port, address }: HostPort, other: string, taken: HostPort): Problem => ({
    code: 'port-taken',
    message: `${where}: ${prop} is ${port} on ${address}, which ${other} already has as its ${taken.prop}${taken.address === address ? '' : `, on ${taken.address}`}. Give one of them another port or bindAddress.`,
  }),

  waitSecondsInvalid: (where: string, seconds: number): Problem => ({
    code: 'wait-seconds-invalid',
    message: `${where}: waitSeconds is ${inspect(seconds)}. Give a whole number of seconds, or 0 not to wait.`,
  }),
};
