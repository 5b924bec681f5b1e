import type { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { TerraformStack, Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../errors';
import { isLoopback } from '../local-hosts';
import { dockerErrors } from './errors';
import { canonicalAddress, WILDCARDS } from './host-port';

/** The Docker provider that a construct uses where none is given; undefined before there is one. */
export function defaultDockerProvider(construct: Construct): TerraformProvider | undefined {
  const providers = TerraformStack.of(construct).allProviders();
  return providers.find(({ terraformResourceType, alias }) => terraformResourceType === 'docker' && !alias);
}

/** What is wrong with the host of a provider's engine. It is known once all of the stack is there. */
export function engineHostProblems(where: string, provider: TerraformProvider | undefined): Problem[] {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  // A context has a host of its own.
  if (!host || context !== undefined || Token.isUnresolved(host) || /^[a-z]+:\/\//i.test(host)) return [];
  return [dockerErrors.engineHostInvalid(where, host)];
}

/**
 * The host of a provider's engine, as URLs have it, where it is another than the one that runs Terraform. Undefined where
 * that is not known: by the environment or a Docker context, which change between machines, or by Terraform alone.
 */
export function remoteEngineHost(provider: TerraformProvider | undefined): string | undefined {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  if (host === undefined || context !== undefined || Token.isUnresolved(host) || !URL.canParse(host)) return undefined;
  const { protocol, hostname } = new URL(host);
  // Others are sockets and pipes of this machine.
  if (!['ssh:', 'tcp:', 'http:', 'https:'].includes(protocol)) return undefined;
  const address = hostname.replace(/^\[|\]$/g, '');
  return address === '' || isLoopback(address) || WILDCARDS.includes(address) ? undefined : hostname;
}

/** The host of a URL that leads to what an engine publishes at an address. */
export function publishedHost(bindAddress: string, engineHost: string | undefined): string {
  const address = canonicalAddress(bindAddress);
  // An address that listens everywhere is reached by the engine's name, or here by the loopback address.
  if (WILDCARDS.includes(address)) return engineHost ?? (address === '::' ? '[::1]' : '127.0.0.1');
  return bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress;
}

/** Adds the engine's host to a URL with a loopback address, where that host is not this machine. */
export function withEngine(url: string, bindAddress: string, engineHost: string | undefined): string {
  return engineHost && isLoopback(canonicalAddress(bindAddress)) ? `${url} (loopback of ${engineHost})` : url;
}
