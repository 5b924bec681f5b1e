import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { App, type TerraformStack, TerraformVariable } from 'cdktf';
import { Construct } from 'constructs';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps } from 'cdktf-model-serving/docker';
import { multiplier } from '../support/models';
import { stackWithProviders, synthStack } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

type Options = Partial<ContainerizedModelProps>;

/**
 * Returns a function that synthesizes a stack with a container for each path and its options, and returns the
 * containers.
 */
function containers(...given: [path: string, options: Options][]) {
  const construct = (stack: TerraformStack) => {
    for (const [path, options] of given) container(stack, path, options);
  };
  return () => Object.values<any>(synthStack(construct).resource.docker_container);
}

function container(stack: TerraformStack, path: string, options: Options = {}): ContainerizedModel {
  const [id, ...scopes] = path.split('/').reverse();
  const scope = scopes.reduceRight<Construct>(
    (parent, scopeId) => (parent.node.tryFindChild(scopeId) as Construct) ?? new Construct(parent, scopeId),
    stack,
  );
  return new ContainerizedModel(scope, id!, { model, ...options });
}

describe('T10 a container name', () => {
  const taken = (where: string, name: string, other: string) =>
    `${where}: the container name "${name}" is already used by ${other}, which has the same Docker provider. Change the containerName of one of them. [container-name-taken]`;

  test.each<[string, string]>([
    ['a-b/c', 'a/b-c'],
    ['a/b-c', 'a-b-c'],
    ['a-b/c', 'a-b-c'],
  ])('is rejected if derived for both %s and %s', (one, other) => {
    expect(containers([one, {}], [other, {}])).toThrow(taken(`stack/${other}`, 'stack-a-b-c', `stack/${one}`));
  });

  test('is rejected if two containers set it, or if one derives it', () => {
    const named = { containerName: 'stack-a' };
    expect(containers(['b', named], ['c', named])).toThrow(taken('stack/c', 'stack-a', 'stack/b'));
    expect(containers(['b', named], ['a', {}])).toThrow(taken('stack/a', 'stack-a', 'stack/b'));
    expect(containers(['a', {}], ['b', named])).toThrow(taken('stack/b', 'stack-a', 'stack/a'));
  });

  test('is unchanged if no other container has it', () => {
    const names = containers(['a-b/c', {}], ['a/b-c', { containerName: 'other' }], ['d', {}])().map(({ name }) => name);
    expect(names).toEqual(['stack-a-b-c', 'other', 'stack-d']);
  });

  test('may differ only in case', () => {
    expect(containers(['a', { containerName: 'digits' }], ['b', { containerName: 'Digits' }])).not.toThrow();
  });

  test('is not compared if it is a Terraform token', () => {
    expect(() =>
      synthStack((stack) => {
        const containerName = new TerraformVariable(stack, 'name', { type: 'string' }).stringValue;
        container(stack, 'a', { containerName });
        container(stack, 'b', { containerName });
      }),
    ).not.toThrow();
  });
});

describe('T10 a host port', () => {
  const taken = (place: string, owner: string) =>
    `stack/b: ${place}, which stack/a already publishes as its ${owner}. Change the port or bindAddress of one of them. [port-taken]`;

  test.each<[Options, Options, string, string]>([
    [{ port: 8080 }, { port: 8080 }, 'port is 8080 on 127.0.0.1', 'port'],
    [{ grpcPort: 8081 }, { grpcPort: 8081 }, 'grpcPort is 8081 on 127.0.0.1', 'grpcPort'],
    [{ metricsPort: 8082 }, { metricsPort: 8082 }, 'metricsPort is 8082 on 127.0.0.1', 'metricsPort'],
    [{ metricsPort: 9000 }, { port: 9000 }, 'port is 9000 on 127.0.0.1', 'metricsPort'],
    [{ port: 9000 }, { grpcPort: 9000 }, 'grpcPort is 9000 on 127.0.0.1', 'port'],
    [{ port: 9000, bindAddress: '0.0.0.0' }, { port: 9000 }, 'port is 9000 on 127.0.0.1', 'port, on 0.0.0.0'],
    [
      { port: 9000, bindAddress: '192.168.0.2' },
      { port: 9000, bindAddress: '0.0.0.0' },
      'port is 9000 on 0.0.0.0',
      'port, on 192.168.0.2',
    ],
    [{ port: 9000, bindAddress: '::' }, { port: 9000, bindAddress: '::1' }, 'port is 9000 on ::1', 'port, on ::'],
    [
      { port: 9000, bindAddress: '::1' },
      { port: 9000, bindAddress: '0:0:0:0:0:0:0:1' },
      'port is 9000 on 0:0:0:0:0:0:0:1',
      'port, on ::1',
    ],
    [
      { port: 9000 },
      { port: 9000, bindAddress: '::ffff:127.0.0.1' },
      'port is 9000 on ::ffff:127.0.0.1',
      'port, on 127.0.0.1',
    ],
  ])('%j and %j are rejected', (one, other, place, owner) => {
    expect(containers(['a', one], ['b', other])).toThrow(taken(place, owner));
  });

  test.each<[Options, Options]>([
    [{}, {}],
    [{ port: 8080 }, { port: 8081 }],
    [{ port: 8080 }, { port: 8080, bindAddress: '127.0.0.2' }],
    [{ port: 8080 }, { port: 8080, bindAddress: '::1' }],
    [
      { port: 8080, bindAddress: '0.0.0.0' },
      { port: 8080, bindAddress: '::' },
    ],
  ])('%j and %j are accepted', (one, other) => {
    expect(containers(['a', one], ['b', other])).not.toThrow();
  });

  test('reports all problems at once, with the name', () => {
    const props = { containerName: 'one', port: 8080, grpcPort: 8081 };
    expect(containers(['a', props], ['b', { ...props, cpus: 0 }])).toThrow(
      /^.*cpus-out-of-range\]\n.*container-name-taken\]\n.*: port is .*port-taken\]\n.*: grpcPort is .*port-taken\]$/,
    );
  });

  test('is not compared if its address is invalid', () => {
    const props = { port: 8080, bindAddress: 'localhost' };
    expect(containers(['a', props])).toThrow(/^[^\n]*\[bind-address-invalid\]$/);
  });

  test('is not compared if it or its address is a Terraform token', () => {
    expect(() =>
      synthStack((stack) => {
        const port = new TerraformVariable(stack, 'port', { type: 'number' }).numberValue;
        const bindAddress = new TerraformVariable(stack, 'address', { type: 'string' }).stringValue;
        container(stack, 'a', { port });
        container(stack, 'b', { port });
        container(stack, 'c', { port: 8080, bindAddress });
        container(stack, 'd', { port: 8080 });
      }),
    ).not.toThrow();
  });
});

describe('T10 an engine', () => {
  const props = { containerName: 'digits', port: 8080 };

  test('of a different provider has separate names and ports', () => {
    expect(() =>
      synthStack((stack) => {
        const provider = new DockerProvider(stack, 'elsewhere', { alias: 'elsewhere' });
        container(stack, 'a', props);
        container(stack, 'b', { ...props, provider });
      }),
    ).not.toThrow();
  });

  test.each(['elsewhere', undefined])('of one provider is the same engine, with the alias %s', (alias) => {
    expect(() => {
      const stack = stackWithProviders(new App());
      const provider = alias
        ? new DockerProvider(stack, alias, { alias })
        : (stack.node.findChild('docker') as DockerProvider);
      container(stack, 'a', { ...props, provider });
      container(stack, 'b', alias ? { ...props, provider } : props);
    }).toThrow(/^stack\/b: .*container-name-taken\]\nstack\/b: .*port-taken\]$/);
  });

  test('of another stack may be a different engine', () => {
    const app = new App();
    expect(() => {
      for (const id of ['test', 'production']) container(stackWithProviders(app, id), 'a', props);
    }).not.toThrow();
  });

  test('may have a container that replaces a removed construct', () => {
    const stack = stackWithProviders(new App());
    container(stack, 'a', props);
    stack.node.tryRemoveChild('a');
    expect(() => container(stack, 'a', props)).not.toThrow();
    expect(() => container(stack, 'b', props)).toThrow('already used by stack/a');
  });

  test('may have a container with the name and port of a removed construct', () => {
    const stack = stackWithProviders(new App());
    container(stack, 'outer/a', props);
    stack.node.tryRemoveChild('outer');
    expect(() => container(stack, 'b', props)).not.toThrow();
  });
});
