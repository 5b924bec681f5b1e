import { DockerProvider, type DockerProviderConfig } from '@cdktf/provider-docker/lib/provider';
import { TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps } from 'cdktf-model-serving/docker';
import { multiplier } from '../support/models';
import { temporaryFolder } from '../support/temporary-folder';

const model = OnnxModel.fromFile(multiplier(temporaryFolder(), 'digits', 2));

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
