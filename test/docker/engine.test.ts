import { DockerProvider, type DockerProviderConfig } from '@cdktf/provider-docker/lib/provider';
import { App, TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps } from 'cdktf-model-serving/docker';
import { Construct } from 'constructs';
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

/** Addresses of a container whose Docker provider has the given configuration. References to ports are replaced. */
function addresses(engine: DockerProviderConfig, props: Partial<ContainerizedModelProps> = {}) {
  return synthesized((stack) => {
    new DockerProvider(stack, 'docker', engine);
    return new ContainerizedModel(stack, 'digits', { model, ...props });
  });
}

function synthesized(build: (stack: TerraformStack) => ContainerizedModel) {
  const stack = new TerraformStack(Testing.app(), 'stack');
  const { url, grpcEndpoint } = build(stack);
  const { output } = JSON.parse(Testing.synth(stack, true));
  const values = Object.entries<any>(output).map(([id, { value }]) => [id, value] as const);
  const valueOf = (name: string) => withoutPort(values.find(([id]) => id.startsWith(`digits_${name}_`))![1]);
  return {
    url: withoutPort(url),
    grpcEndpoint: withoutPort(grpcEndpoint),
    outputs: [valueOf('url'), valueOf('grpc-endpoint')],
  };
}

function withoutPort(text: string): string {
  return text.replace(/:(\$\{[^}]+\})/, ':PORT');
}

const everywhere = { bindAddress: '0.0.0.0' };

describe('D8 a remote engine', () => {
  test.each([
    ['ssh://build.example.com', 'build.example.com'],
    ['ssh://deploy@build.example.com:2222', 'build.example.com'],
    ['ssh://deploy@build.example.com:2222/run/docker.sock', 'build.example.com'],
    ['tcp://build.example.com:2376', 'build.example.com'],
    ['tcp://10.1.2.3:2376', '10.1.2.3'],
    ['tcp://[fd00::7]:2376', '[fd00::7]'],
    ['https://build.example.com:2376', 'build.example.com'],
  ])("%s: a port on all addresses is reached at the engine's host", (host, name) => {
    expect(addresses({ host }, everywhere)).toEqual({
      url: `http://${name}:PORT`,
      grpcEndpoint: `${name}:PORT`,
      outputs: [`http://${name}:PORT`, `${name}:PORT`],
    });
    expect(addresses({ host }, { bindAddress: '::' }).url).toBe(`http://${name}:PORT`);
    expect(addresses({ host }, { bindAddress: '0:0:0:0:0:0:0:0' }).url).toBe(`http://${name}:PORT`);
  });

  const host = 'ssh://deploy@build.example.com';

  test.each([
    [undefined, '127.0.0.1'],
    ['127.0.0.2', '127.0.0.2'],
    ['::1', '[::1]'],
    ['0:0:0:0:0:0:0:1', '[0:0:0:0:0:0:0:1]'],
  ])('outputs name the host of the loopback address %s', (bindAddress, address) => {
    expect(addresses({ host }, { bindAddress })).toEqual({
      url: `http://${address}:PORT`,
      grpcEndpoint: `${address}:PORT`,
      outputs: [
        `http://${address}:PORT (loopback of build.example.com)`,
        `${address}:PORT (loopback of build.example.com)`,
      ],
    });
  });

  test.each([
    ['192.168.0.2', '192.168.0.2'],
    ['fd00::7', '[fd00::7]'],
  ])('any other address is used as is: %s', (bindAddress, address) => {
    const { url, outputs } = addresses({ host }, { bindAddress });
    expect([url, outputs[0]]).toEqual([`http://${address}:PORT`, `http://${address}:PORT`]);
  });

  test('belongs to the explicit provider, whatever the default one is', () => {
    const { url, outputs } = synthesized((stack) => {
      new DockerProvider(stack, 'docker', { host: 'ssh://other.example.com' });
      const provider = new DockerProvider(stack, 'elsewhere', { alias: 'elsewhere', host });
      return new ContainerizedModel(stack, 'digits', { model, provider, ...everywhere });
    });
    expect([url, outputs[0]]).toEqual(['http://build.example.com:PORT', 'http://build.example.com:PORT']);
  });

  test('belongs to the default provider if there are several', () => {
    const { url } = synthesized((stack) => {
      new DockerProvider(stack, 'elsewhere', { alias: 'elsewhere', host: 'ssh://other.example.com' });
      new DockerProvider(stack, 'docker', { host });
      return new ContainerizedModel(stack, 'digits', { model, ...everywhere });
    });
    expect(url).toBe('http://build.example.com:PORT');
  });

  test('may have a provider that is declared after the container', () => {
    const stack = new TerraformStack(Testing.app(), 'stack');
    const { url } = new ContainerizedModel(stack, 'digits', { model, ...everywhere });
    new TerraformOutput(stack, 'own', { value: url });
    new DockerProvider(stack, 'docker', { host });
    const { output } = JSON.parse(Testing.synth(stack, true));
    const values = Object.values<any>(output).map(({ value }) => withoutPort(value));
    expect(values.filter((value) => value === 'http://build.example.com:PORT')).toHaveLength(2);
  });
});

describe('D8 a local engine, or one that is unknown at synth', () => {
  test.each<[DockerProviderConfig]>([
    [{}],
    [{ host: 'unix:///var/run/docker.sock' }],
    [{ host: 'unix:///run/user/1000/docker.sock' }],
    [{ host: 'npipe:////./pipe/docker_engine' }],
    [{ host: 'fd://' }],
    [{ host: 'tcp://localhost:2375' }],
    [{ host: 'tcp://LOCALHOST:2375' }],
    [{ host: 'tcp://127.0.0.1:2375' }],
    [{ host: 'tcp://[::ffff:127.0.0.1]:2375' }],
    [{ host: 'tcp://[::1]:2375' }],
    [{ host: 'tcp://0.0.0.0:2375' }],
    [{ host: 'tcp://:2375' }],
    // With a Docker context, the host comes from the context.
    [{ host: 'ssh://build.example.com', context: 'elsewhere' }],
  ])('%j: addresses are unchanged', (engine) => {
    for (const [bindAddress, address] of [
      ['127.0.0.1', '127.0.0.1'],
      ['0.0.0.0', '127.0.0.1'],
      ['::', '[::1]'],
      ['192.168.0.2', '192.168.0.2'],
    ]) {
      expect(addresses(engine, { bindAddress })).toEqual({
        url: `http://${address}:PORT`,
        grpcEndpoint: `${address}:PORT`,
        outputs: [`http://${address}:PORT`, `${address}:PORT`],
      });
    }
  });

  test.each([
    'build.example.com:2375',
    'build.example.com',
    '10.1.2.3:2376',
    'localhost:2375',
    'ssh:build.example.com',
    '/var/run/docker.sock',
  ])('rejects a host without a scheme: %s', (host) => {
    const message = `stack/digits: the host of its Docker provider is "${host}", which has no scheme, so the provider cannot connect. Add a scheme, such as tcp://, ssh:// or unix://. [engine-host-invalid]`;
    expect(() => addresses({ host })).toThrow(message);
    // Checks the host of a provider that is declared later, and of a provider that is passed as a prop.
    for (const [alias, id] of [
      [undefined, 'docker'],
      ['elsewhere', 'elsewhere'],
    ] as const) {
      const stack = new TerraformStack(Testing.app(), 'stack');
      const provider = alias && new DockerProvider(stack, id, { alias, host });
      new ContainerizedModel(stack, 'digits', { model, provider });
      new DockerProvider(stack, 'docker', alias ? {} : { host });
      expect(() => Testing.synth(stack, true)).toThrow(message);
    }
  });

  test.each<[DockerProviderConfig]>([[{ host: '' }], [{ host: 'build.example.com', context: 'elsewhere' }]])(
    'a host that the provider does not use is not checked: %j',
    (engine) => expect(addresses(engine).url).toBe('http://127.0.0.1:PORT'),
  );

  test.each(['', 'ssh://deploy@'])('a host that is a Terraform token is not checked: %s…', (start) => {
    const { url, outputs } = synthesized((stack) => {
      const host = new TerraformVariable(stack, 'host', { type: 'string' }).stringValue;
      new DockerProvider(stack, 'docker', { host: `${start}${host}` });
      return new ContainerizedModel(stack, 'digits', { model, ...everywhere });
    });
    expect([url, ...outputs]).toEqual(['http://127.0.0.1:PORT', 'http://127.0.0.1:PORT', '127.0.0.1:PORT']);
  });

  test('an address that is a Terraform token', () => {
    const { outputs } = synthesized((stack) => {
      new DockerProvider(stack, 'docker', { host: 'ssh://build.example.com' });
      const bindAddress = new TerraformVariable(stack, 'address', { type: 'string' }).stringValue;
      return new ContainerizedModel(stack, 'digits', { model, bindAddress });
    });
    expect(outputs).toEqual([
      expect.stringMatching(/^http:\/\/\$\{var\.address\}:/),
      expect.stringMatching(/^\$\{var\.address\}:/),
    ]);
  });
});
