import type { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { TerraformStack, Token, type TerraformProvider } from 'cdktf';
import type { Construct } from 'constructs';
import type { Problem } from '../base/errors';
import { canonicalAddress, isLoopback } from '../base/local-hosts';
import { dockerErrors } from './errors';
import { WILDCARDS } from './host-port';

/** Default Docker provider of a construct; undefined until the stack declares one. */
export function defaultDockerProvider(construct: Construct): TerraformProvider | undefined {
  const providers = TerraformStack.of(construct).allProviders();
  return providers.find(({ terraformResourceType, alias }) => terraformResourceType === 'docker' && !alias);
}

/** Finds problems with the host of a provider's engine. Call this function once the stack is complete. */
export function engineHostProblems(where: string, provider: TerraformProvider | undefined): Problem[] {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  // With a Docker context, the host comes from the context.
  if (!host || context !== undefined || Token.isUnresolved(host) || /^[a-z]+:\/\//i.test(host)) return [];
  return [dockerErrors.engineHostInvalid(where, host)];
}

/**
 * Host name of a provider's engine, in URL form, if the engine runs on a machine other than Terraform's. Undefined if
 * the host is unknown: it is a Terraform token, or it is set by the environment or a Docker context, which differ
 * between machines.
 */
export function remoteEngineHost(provider: TerraformProvider | undefined): string | undefined {
  const { host, context } = (provider ?? {}) as Partial<DockerProvider>;
  if (host === undefined || context !== undefined || Token.isUnresolved(host) || !URL.canParse(host)) return undefined;
  const { protocol, hostname } = new URL(host);
  // Other schemes are those of local sockets and pipes.
  if (!['ssh:', 'tcp:', 'http:', 'https:'].includes(protocol)) return undefined;
  const address = hostname.replace(/^\[|\]$/g, '');
  return address === '' || isLoopback(address) || WILDCARDS.includes(address) ? undefined : hostname;
}

/** Host name or address for the URL of a port that an engine publishes. */
export function publishedHost(bindAddress: string, engineHost: string | undefined): string {
  const address = canonicalAddress(bindAddress);
  // A port on all addresses can be reached at the engine's host name or, on this machine, at the loopback address.
  if (WILDCARDS.includes(address)) return engineHost ?? (address === '::' ? '[::1]' : '127.0.0.1');
  return bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress;
}

/** Adds the engine's host to a URL with a loopback address, if the engine runs on a different machine. */
export function withEngine(url: string, bindAddress: string, engineHost: string | undefined): string {
  return engineHost && isLoopback(bindAddress) ? `${url} (loopback of ${engineHost})` : url;
}
