import { join } from 'node:path';
import { DockerProvider } from '@cdktf/provider-docker/lib/provider';
import { TerraformVariable, Token } from 'cdktf';
import { OnnxModel } from 'cdktf-model-serving';
import { ContainerizedModel, type ContainerizedModelProps, InferenceImage } from 'cdktf-model-serving/docker';
import { largeModel, multiplier } from '../support/models';
import { identity, writeOnnxModel } from '../support/onnx-builder';
import { only, synthStack, tree } from '../support/synth';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const model = OnnxModel.fromFile(multiplier(folder, 'digits', 2), { version: '3' });

function containerized(props: Partial<ContainerizedModelProps> = { model }) {
  let construct!: ContainerizedModel;
  const json = synthStack((stack) => {
    construct = new ContainerizedModel(stack, 'digits', props);
  });
  return { construct, json, container: only(json, 'docker_container') };
}

test('minimal props create a hardened container on the loopback address', () => {
  const { construct, container, json } = containerized();
  const [imageId] = Object.keys(json.resource.docker_image);
  expect(container).toEqual({
    name: 'stack-digits',
    image: `\${docker_image.${imageId}.image_id}`,
    env: [
      'MODEL_SERVING_PAGE=true',
      'MODEL_SERVING_ALLOWED_HOSTS=localhost,127.0.0.1,[::1],stack-digits',
      `MODEL_SERVING_EXPECTED_SHA256=${model.sha256}`,
    ],
    ports: [
      { internal: 8080, ip: '127.0.0.1' },
      { internal: 8081, ip: '127.0.0.1' },
    ],
    labels: [
      { label: 'model-serving.model', value: 'digits' },
      { label: 'model-serving.version', value: '3' },
    ],
    memory: 514,
    memory_swap: 514,
    read_only: true,
    capabilities: { drop: ['ALL'] },
    security_opts: ['no-new-privileges:true'],
    user: '65532:65532',
    log_driver: 'json-file',
    log_opts: { 'max-size': '10m', 'max-file': '3' },
    restart: 'unless-stopped',
    healthcheck: {
      test: ['CMD', '/usr/local/bin/node', '/app/healthcheck.cjs'],
      interval: '5s',
      timeout: '5s',
      retries: 3,
      start_period: '2m0s',
    },
    wait: true,
    wait_timeout: 120,
    destroy_grace_seconds: 45,
    stop_timeout: 45,
  });
  expect(tree(construct)).toEqual(['container', 'grpc-endpoint', 'image', 'image-id', 'image/image', 'url']);
});

test('maximum props', () => {
  const { container, json } = containerized({
    model,
    build: { repository: 'registry.example.com/ml/digits', baseImage: `node@sha256:${'0'.repeat(64)}` },
    port: 9000,
    grpcPort: 9002,
    metricsPort: 9001,
    bindAddress: '0.0.0.0',
    cpus: 1.5,
    memoryMiB: 1024,
    containerName: 'digits',
    networks: ['front', 'back'],
    labels: { team: 'vision' },
    restart: 'always',
    logRotation: { maxSizeMiB: 50, maxFiles: 5 },
    environment: { OTEL_SERVICE_NAME: 'digits' },
    serving: {
      executors: 2,
      threadsPerExecutor: 1,
      maxQueueLength: 8,
      queueTimeoutSeconds: 10,
      maxRequestBytes: 1000,
      drainSeconds: 2,
      logLevel: 'debug',
    },
    hardening: { readOnlyRootFilesystem: false, dropCapabilities: false, noNewPrivileges: false, user: '1000:1000' },
    waitSeconds: 3700,
  });
  expect(container).toMatchObject({
    name: 'digits',
    env: [
      'OTEL_SERVICE_NAME=digits',
      'MODEL_SERVING_EXECUTORS=2',
      'MODEL_SERVING_THREADS_PER_EXECUTOR=1',
      'MODEL_SERVING_MAX_QUEUE_LENGTH=8',
      'MODEL_SERVING_QUEUE_TIMEOUT_SECONDS=10',
      'MODEL_SERVING_MAX_REQUEST_BYTES=1000',
      'MODEL_SERVING_DRAIN_SECONDS=2',
      'MODEL_SERVING_LOG_LEVEL=debug',
      'MODEL_SERVING_PAGE=true',
      `MODEL_SERVING_EXPECTED_SHA256=${model.sha256}`,
    ],
    ports: [
      { internal: 8080, external: 9000, ip: '0.0.0.0' },
      { internal: 8081, external: 9002, ip: '0.0.0.0' },
      { internal: 8082, external: 9001, ip: '0.0.0.0' },
    ],
    networks_advanced: [{ name: 'front' }, { name: 'back' }],
    labels: expect.arrayContaining([
      { label: 'team', value: 'vision' },
      { label: 'model-serving.cpus', value: '1.5' },
    ]),
    memory: 1024,
    memory_swap: 1024,
    cpu_period: 100_000,
    cpu_quota: 150_000,
    read_only: false,
    user: '1000:1000',
    log_opts: { 'max-size': '50m', 'max-file': '5' },
    restart: 'always',
    healthcheck: { start_period: '1h1m40s' },
    wait_timeout: 3700,
    destroy_grace_seconds: 22,
    stop_timeout: 22,
  });
  expect(container.capabilities).toBeUndefined();
  expect(container.security_opts).toBeUndefined();
  expect(only(json, 'docker_image').name).toMatch(/^registry\.example\.com\/ml\/digits:/);
});

test('T3 the container refers to its image by id, even if it was pulled from a registry', () => {
  const image = InferenceImage.fromRegistry(`registry.example.com/digits@sha256:${'1'.repeat(64)}`, { model });
  const { container, json } = containerized({ image });
  expect(only(json, 'docker_image')).toEqual({ name: image.reference, platform: 'linux/amd64', keep_locally: true });
  expect(container.image).toMatch(/^\$\{docker_image\..*\.image_id\}$/);
  // Whether the image was built from the same declaration is known only once the container starts.
  expect(container.env.slice(1)).toEqual([
    `MODEL_SERVING_EXPECTED_SHA256=${model.sha256}`,
    'MODEL_SERVING_EXPECTED_DECLARATION=name:digits,version:3,golden:none,image:none,classes:none',
  ]);
});

test('waitSeconds 0 does not wait, but the container still has time to start', () => {
  const { container } = containerized({ model, waitSeconds: 0 });
  expect(container.healthcheck.start_period).toBe('2m0s');
  expect(container.wait).toBe(false);
  expect(container.wait_timeout).toBeUndefined();
});

test('omits a variable without a value', () => {
  const environment = { SET: 'x', UNSET: undefined } as unknown as Record<string, string>;
  const { container } = containerized({ model, environment });
  expect(container.env).toContain('SET=x');
  expect(container.env.join()).not.toContain('UNSET');
});

test.each<[string, Partial<ContainerizedModelProps>, string[]]>([
  [
    'on a different loopback address',
    { bindAddress: '127.0.0.2' },
    ['localhost,127.0.0.1,[::1],127.0.0.2,stack-digits'],
  ],
  ['on IPv6', { bindAddress: '::1', containerName: 'own' }, ['localhost,127.0.0.1,[::1],own']],
  [
    'on ::1 in another spelling',
    { bindAddress: '0:0:0:0:0:0:0:1' },
    ['localhost,127.0.0.1,[::1],[0:0:0:0:0:0:0:1],stack-digits'],
  ],
  [
    'on 127.0.0.1 as an IPv6 address',
    { bindAddress: '::ffff:127.0.0.1' },
    ['localhost,127.0.0.1,[::1],[::ffff:127.0.0.1],[::ffff:7f00:1],stack-digits'],
  ],
  ['on all addresses', { bindAddress: '0.0.0.0' }, []],
  ['on a link-local address', { bindAddress: 'fe80::1%eth0' }, []],
  ['on an address that is a Terraform token', { bindAddress: Token.asString({ ref: 'x' }) }, []],
  ['with explicit names', { serving: { allowedHosts: ['digits.local'] } }, ['digits.local']],
])('host names of a container that listens %s', (_, props, hosts) => {
  const { container } = containerized({ model, ...props });
  const prefix = 'MODEL_SERVING_ALLOWED_HOSTS=';
  const set = container.env.filter((text: string) => text.startsWith(prefix));
  expect(set).toEqual(hosts.map((names) => prefix + names));
});

test('an image from a registry, which may be from an earlier release, gets no host names', () => {
  const image = InferenceImage.fromRegistry(`registry.example.com/digits@sha256:${'1'.repeat(64)}`, { model });
  const { container } = containerized({ image });
  expect(container.env.join()).not.toContain('ALLOWED_HOSTS');
});

test('the page can be disabled', () => {
  const { container } = containerized({ model, serving: { page: false } });
  expect(container.env.filter((text: string) => text.startsWith('MODEL_SERVING_PAGE'))).toEqual([]);
});

test('a pushed image is pulled if a different provider is passed', () => {
  const json = synthStack((stack) => {
    const provider = new DockerProvider(stack, 'elsewhere', { alias: 'elsewhere', host: 'ssh://elsewhere' });
    const image = new InferenceImage(stack, 'image', { model, repository: 'registry.example.com/digits' });
    new ContainerizedModel(stack, 'digits', { image, provider });
  });
  const images = Object.values<any>(json.resource.docker_image);
  const [built, pulled] = [images.find(({ build }) => build), images.find(({ build }) => !build)];
  expect(built.provider).toBeUndefined();
  expect(pulled.provider).toBe('docker.elsewhere');
  expect(pulled.name).toMatch(/^registry\.example\.com\/digits@\$\{docker_registry_image\..*\.sha256_digest\}$/);
  expect(only(json, 'docker_container').image).toContain('pulled-image');
});

test('different ids create different containers', () => {
  const names = ['a-b', 'a b', '图'].map((id) => {
    const json = synthStack((stack) => new ContainerizedModel(stack, id, { model }));
    return only(json, 'docker_container').name;
  });
  expect(names).toEqual([
    'stack-a-b',
    expect.stringMatching(/^stack-a-b-[0-9a-f]{8}$/),
    expect.stringMatching(/^stack-[0-9a-f]{8}$/),
  ]);
});

test('outputs contain its addresses and its image', () => {
  const { construct, json } = containerized({ model, port: 9000 });
  const [containerId] = Object.keys(json.resource.docker_container);
  const outputs = Object.values<any>(json.output).map(({ value }) => value);
  expect(outputs).toEqual([
    `127.0.0.1:\${docker_container.${containerId}.ports[1].external}`,
    `\${docker_container.${containerId}.image}`,
    `http://127.0.0.1:\${docker_container.${containerId}.ports[0].external}`,
  ]);
  expect(construct.url).toMatch(/^http:\/\/127\.0\.0\.1:\$\{TfToken/);
  expect(construct.grpcEndpoint).toMatch(/^127\.0\.0\.1:\$\{TfToken/);
});

test.each([
  ['0.0.0.0', 'http://127.0.0.1:'],
  ['::', 'http://[::1]:'],
  ['fd00::7', 'http://[fd00::7]:'],
  ['192.168.0.2', 'http://192.168.0.2:'],
])('a container bound to %s has the address %s', (bindAddress, start) => {
  const { url, grpcEndpoint } = containerized({ model, bindAddress }).construct;
  expect(url.startsWith(start)).toBe(true);
  expect(`http://${grpcEndpoint}`.startsWith(start)).toBe(true);
});

test('rounds the grace period up to whole seconds', () => {
  expect(containerized({ model, serving: { drainSeconds: 0.5 } }).container.destroy_grace_seconds).toBe(41);
});

test('passes Terraform tokens on without checks', () => {
  const json = synthStack((stack) => {
    const number = (name: string) => new TerraformVariable(stack, name, { type: 'number' }).numberValue;
    const level = new TerraformVariable(stack, 'level', { type: 'string' });
    const secret = new TerraformVariable(stack, 'secret', { type: 'string', sensitive: true });
    new ContainerizedModel(stack, 'digits', {
      model,
      port: number('port'),
      grpcPort: number('grpc_port'),
      cpus: number('cpus'),
      memoryMiB: number('memory'),
      logRotation: { maxSizeMiB: number('size'), maxFiles: number('files') },
      environment: { TOKEN: secret.stringValue },
      serving: { drainSeconds: number('drain'), logLevel: level.stringValue as 'info' },
    });
  });
  expect(only(json, 'docker_container')).toMatchObject({
    ports: [{ external: '${var.port}' }, { external: '${var.grpc_port}' }],
    memory: '${var.memory}',
    log_opts: { 'max-size': '${var.size}m', 'max-file': '${var.files}' },
    cpu_quota: '${floor((var.cpus * 100000))}',
    labels: expect.arrayContaining([{ label: 'model-serving.cpus', value: '${var.cpus}' }]),
    env: expect.arrayContaining([
      'TOKEN=${var.secret}',
      'MODEL_SERVING_DRAIN_SECONDS=${var.drain}',
      'MODEL_SERVING_LOG_LEVEL=${var.level}',
    ]),
    destroy_grace_seconds: '${ceil(((var.drain + 30) + 10))}',
  });
});

test('K12 rejects a memory limit below the weights and the runtime', () => {
  const large = largeModel(folder, 'large', 300);
  expect(() => containerized({ model: large, memoryMiB: 256 })).toThrow(
    'stack/digits: memoryMiB is 256, but model "large" needs at least 461 MiB: 301 MiB for the weights and 160 MiB for the runtime. Raise it to 565, which leaves room for requests, or omit it to use a default that fits. [memory-too-small]',
  );
  expect(containerized({ model: large }).container.memory).toBe(512 + 2 * 301);
});

describe('a memory limit without room for the largest picture', () => {
  const taking = (maxPixels?: number) =>
    OnnxModel.fromFile(writeOnnxModel(join(folder, 'picture.onnx'), identity('float', ['n', 3, 4, 4])), {
      picture: { color: 'rgb', maxPixels },
    });

  test('is rejected, with values that would be enough', () => {
    expect(() => containerized({ model: taking(), memoryMiB: 544 })).toThrow(
      'stack/digits: memoryMiB is 544, but model "picture" needs 161 MiB and, to decode a picture of 16777216 pixels (picture.maxPixels), 384 MiB more. Raise it to 689, which leaves room for requests, or omit it to use a default that fits; or lower picture.maxPixels to 10442069 or less. [memory-below-picture]',
    );
    expect(() => containerized({ model: taking(), memoryMiB: 161 })).toThrow(
      'Raise it to 689, which leaves room for requests, or omit it to use a default that fits. [memory-below-picture]',
    );
    expect(() => containerized({ model: taking(), memoryMiB: 160 })).toThrow(/^[^\n]*\[memory-too-small\]$/);
  });

  test('accepts the values in the message', () => {
    expect(containerized({ model: taking(), memoryMiB: 689 }).container.memory).toBe(689);
    expect(containerized({ model: taking(10_442_069), memoryMiB: 544 }).container.memory).toBe(544);
    expect(containerized({ model: taking() }).container.memory).toBe(512 + 2 + 384);
  });
});

describe('rejects', () => {
  test.each<[Partial<ContainerizedModelProps>, string]>([
    [
      {},
      'stack/digits: set exactly one of model (an image is built for it) and image (an existing image). [model-or-image]',
    ],
    [
      { image: InferenceImage.fromRegistry('digits:1', { model }), build: { builder: 'x' } },
      'stack/digits: build applies only if an image is built for model, but image is set. Set build on that InferenceImage instead. [build-with-image]',
    ],
    [{ model, port: 65536 }, 'stack/digits: port is 65536. Use an integer from 1 to 65535. [port-out-of-range]'],
    [
      { model, metricsPort: 0.5 },
      'stack/digits: metricsPort is 0.5. Use an integer from 1 to 65535. [port-out-of-range]',
    ],
    [{ model, grpcPort: 0 }, 'stack/digits: grpcPort is 0. Use an integer from 1 to 65535. [port-out-of-range]'],
    [{ model, cpus: 0 }, 'stack/digits: cpus is 0. Use at least 0.01 CPUs, such as 0.5 or 2. [cpus-out-of-range]'],
    [{ model, cpus: Infinity }, 'stack/digits: cpus is Infinity.'],
    [{ model, memoryMiB: 512.5 }, 'stack/digits: memoryMiB is 512.5. Use a whole number of at least 1. [not-positive]'],
    [
      { model, port: 8080, metricsPort: 8080 },
      'stack/digits: port and metricsPort are both 8080. Use different ports. [ports-equal]',
    ],
    [
      { model, port: 8080, grpcPort: 8080 },
      'stack/digits: port and grpcPort are both 8080. Use different ports. [ports-equal]',
    ],
    [
      { model, grpcPort: 8081, metricsPort: 8081 },
      'stack/digits: grpcPort and metricsPort are both 8081. Use different ports. [ports-equal]',
    ],
    [
      { model, bindAddress: 'localhost' },
      'stack/digits: bindAddress "localhost" is not a valid IP address. Use an address of the engine\'s host, such as 127.0.0.1, or 0.0.0.0 for all addresses. [bind-address-invalid]',
    ],
    [
      { model, environment: { '': 'x' } },
      'stack/digits: environment contains the variable "", whose name is invalid. Use letters, digits, "_", "." and "-", and start the name with a letter or "_". [environment-name-invalid]',
    ],
    [
      { model, serving: { batchSize: 4 } as object },
      'stack/digits: serving has no option batchSize. Did you mean maxBatchSize? The options are executors, threadsPerExecutor, maxBatchSize, maxBatchDelaySeconds, rowIndependence, maxQueueLength, maxQueueRows, maxQueueBytes, queueTimeoutSeconds, maxRequestBytes, requestBudgetBytes, receiveTimeoutSeconds, sendTimeoutSeconds, maxConnections, drainSeconds, maxConnectionAgeSeconds, idleTimeoutSeconds, allowedOrigins, allowedHosts, logLevel, page. [serving-option-unknown]',
    ],
    [
      { model, waitSeconds: Token.asNumber({ resolve: () => 1 }) },
      'stack/digits: waitSeconds is a Terraform token, but the synthesized files depend on its value. Pass a plain value. [must-be-known-at-synth]',
    ],
    [
      { model, containerName: 'a b' },
      'stack/digits: containerName "a b" is not a valid container name. Use two or more letters, digits, "_", "." and "-", starting with a letter or digit. [container-name-invalid]',
    ],
    [
      { model, environment: { MODEL_SERVING_EXECUTORS: '4' } },
      'stack/digits: environment sets MODEL_SERVING_EXECUTORS, but variables that start with MODEL_SERVING_ are reserved for the server. Use the prop serving instead. [environment-reserved]',
    ],
    [
      { model, waitSeconds: -1 },
      'stack/digits: waitSeconds is -1. Use a whole number of seconds, or 0 to disable waiting. [wait-seconds-invalid]',
    ],
    [
      { model, logRotation: { maxFiles: 0 } },
      'stack/digits: logRotation.maxFiles is 0. Use a whole number of at least 1. [not-positive]',
    ],
    [
      { model, serving: { executors: 0 } },
      'stack/digits: serving.executors is 0. Too small: expected number to be >=1. [serving-option-invalid]',
    ],
    [{ model, build: { nodePath: 'node' } }, 'stack/digits/image: nodePath "node" is not an absolute path'],
  ])('%j', (props, message) => {
    expect(() => containerized(props)).toThrow(message);
  });

  test('reports all problems at once', () => {
    expect(() => containerized({ model, port: 0, cpus: -1, serving: { drainSeconds: -1 } })).toThrow(
      /port-out-of-range\]\n.*cpus-out-of-range\]\n.*serving-option-invalid\]/,
    );
  });
});
