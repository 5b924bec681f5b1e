import { inspect } from 'node:util';
import type { Problem } from '../base/errors';

/** A port of the engine's host that is published for a container. */
export interface HostPort {
  /** Prop that sets the port. */
  readonly prop: string;
  readonly port: number;
  readonly address: string;
}

/** Problems with a ContainerizedModel; `where` is the construct's path. */
export const dockerErrors = {
  bindAddressInvalid: (where: string, address: string): Problem => ({
    code: 'bind-address-invalid',
    message: `${where}: bindAddress "${address}" is not a valid IP address. Use an address of the engine's host, such as 127.0.0.1, or 0.0.0.0 for all addresses.`,
  }),

  cpusOutOfRange: (where: string, cpus: number): Problem => ({
    code: 'cpus-out-of-range',
    message: `${where}: cpus is ${inspect(cpus)}. Use at least 0.01 CPUs, such as 0.5 or 2.`,
  }),

  containerNameInvalid: (where: string, name: string): Problem => ({
    code: 'container-name-invalid',
    message: `${where}: containerName "${name}" is not a valid container name. Use two or more letters, digits, "_", "." and "-", starting with a letter or digit.`,
  }),

  containerNameTaken: (where: string, name: string, other: string): Problem => ({
    code: 'container-name-taken',
    message: `${where}: the container name "${name}" is already used by ${other}, which has the same Docker provider. Change the containerName of one of them.`,
  }),

  engineHostInvalid: (where: string, host: string): Problem => ({
    code: 'engine-host-invalid',
    message: `${where}: the host of its Docker provider is "${host}", which has no scheme, so the provider cannot connect. Add a scheme, such as tcp://, ssh:// or unix://.`,
  }),

  portTaken: (where: string, { prop, port, address }: HostPort, other: string, taken: HostPort): Problem => ({
    code: 'port-taken',
    message: `${where}: ${prop} is ${port} on ${address}, which ${other} already publishes as its ${taken.prop}${taken.address === address ? '' : `, on ${taken.address}`}. Change the port or bindAddress of one of them.`,
  }),

  waitSecondsInvalid: (where: string, seconds: number): Problem => ({
    code: 'wait-seconds-invalid',
    message: `${where}: waitSeconds is ${inspect(seconds)}. Use a whole number of seconds, or 0 to disable waiting.`,
  }),
};
