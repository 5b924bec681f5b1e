import { Container, type ContainerLabels, type ContainerPorts } from '@cdktf/provider-docker/lib/container';
import { Lazy, TerraformOutput, type TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import { ModelServingError } from '../base/errors';
import { InferenceImage } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import type { Model } from '../model/model';
import { writeOpenApiAtSynth } from '../terraform/openapi-at-synth';
import type { Sizing } from '../sizing/sizing';
import { checkProps } from '../terraform/props';
import { localHosts } from '../base/local-hosts';
import { servingEnvironment, stopGraceSeconds } from '../terraform/serving-environment';
import { asText } from '../terraform/tokens';
import { outputCard } from '../terraform/card-output';
import { noteWorkload } from '../terraform/notes';
import { checkTerraformIds } from '../terraform/terraform-ids';
import { containerProblems, defaultContainerName } from './container-problems';
import { CONTAINER_PROPS, type ContainerizedModelProps } from './container-props';
import { containerSizes, cpuLabel, cpuLimit, hardened, healthCheck, memoryLimit, rotated } from './container-settings';
import {
  claimContainerName,
  claimHostPorts,
  defaultDockerProvider,
  engineHostProblems,
  publishedHost,
  remoteEngineHost,
  withEngine,
} from './engine';

const DEFAULT_WAIT_SECONDS = 120;

/**
 * A model that runs in a hardened container on one Docker engine. An update stops the old container, which finishes its
 * requests in flight, and then starts the new one.
 */
export class ContainerizedModel extends Construct {
  readonly model: Model;
  /** Image of the container. */
  readonly image: ModelImage;
  /** `docker_container` */
  readonly container: Container;
  /** Resources and capacity of the container, if its model has a profile. */
  readonly sizing?: Sizing;

  private readonly bindAddress: string;
  private engineProvider?: TerraformProvider;

  /** @throws ModelServingError with all problems of the props */
  constructor(scope: Construct, id: string, props: ContainerizedModelProps) {
    super(scope, id);
    checkProps(this.node.path, props, CONTAINER_PROPS);
    const containerName = props.containerName ?? defaultContainerName(this.node.path);
    const { serving = {}, environment = {}, waitSeconds = DEFAULT_WAIT_SECONDS, provider } = props;
    const { port, grpcPort, metricsPort, bindAddress = '127.0.0.1' } = props;
    const model = props.image?.model ?? props.model;
    const resolved = model && containerSizes(model, props);
    ModelServingError.throwIfAny([
      ...containerProblems(this.node.path, { ...props, containerName }, resolved),
      ...claimContainerName(this, containerName, provider),
      ...claimHostPorts(this, bindAddress, { port, grpcPort, metricsPort }, provider),
    ]);
    // Without a model there is a problem.
    const sizes = resolved!;
    this.sizing = sizes.sizing;
    this.image = props.image ?? new InferenceImage(this, 'image', { ...props.build, model: props.model!, provider });
    this.model = this.image.model;
    this.bindAddress = bindAddress;
    this.engineProvider = provider;
    checkTerraformIds(this);
    this.node.addValidation({
      validate: () =>
        engineHostProblems(this.node.path, this.engine).map(({ code, message }) => `${message} [${code}]`),
    });
    writeOpenApiAtSynth(this, this.model, props.openApiFile);
    noteWorkload(this, serving, sizes, "all of the host's CPUs");
    const grace = stopGraceSeconds(serving);
    const isBuiltHere = this.image instanceof InferenceImage;
    const allowedHosts = serving.allowedHosts ?? (isBuiltHere ? localHosts(bindAddress, containerName) : undefined);
    const served = { ...sizes.serving, page: serving.page ?? true, allowedHosts };

    this.container = new Container(this, 'container', {
      provider,
      name: containerName,
      // The container refers to the image by its id. With the image's name, every plan would replace the container.
      image: this.image.engineImageId(this, provider),
      env: variables({ ...environment, ...servingEnvironment(served, this.image.expected) }),
      ports: publishedPorts(bindAddress, props),
      networksAdvanced: props.networks?.map((name) => ({ name })),
      labels: labels({
        'model-serving.model': this.model.name,
        'model-serving.version': this.model.version,
        ...props.labels,
        ...cpuLabel(sizes.cpus),
      }),
      ...cpuLimit(sizes.cpus),
      ...memoryLimit(sizes.memoryMiB),
      ...hardened(props.hardening),
      ...rotated(props.logRotation),
      restart: props.restart ?? 'unless-stopped',
      healthcheck: healthCheck(this.image.nodePath, waitSeconds || DEFAULT_WAIT_SECONDS),
      wait: waitSeconds > 0,
      waitTimeout: waitSeconds || undefined,
      // By default, the provider kills the container immediately, so every update would lose requests in flight.
      destroyGraceSeconds: grace,
      stopTimeout: grace,
    });

    this.addAddressOutput('url', () => this.url);
    this.addAddressOutput('grpc-endpoint', () => this.grpcEndpoint);
    new TerraformOutput(this, 'image-id', { value: this.container.image });
    outputCard(this, this.model);
  }

  /**
   * HTTP URL of the container, such as `http://127.0.0.1:8080`. A loopback address refers to the engine's host, which
   * may be a different machine.
   */
  get url(): string {
    return `http://${this.published(HTTP)}`;
  }

  /** gRPC address without TLS, in the form that clients expect: `127.0.0.1:8081`. */
  get grpcEndpoint(): string {
    return this.published(GRPC);
  }

  private published(index: number): string {
    const host = () => publishedHost(this.bindAddress, remoteEngineHost(this.engine));
    // The stack's provider may be declared later.
    const knownHost = this.engine ? host() : Lazy.stringValue({ produce: host });
    return `${knownHost}:${asText(this.container.ports.get(index).external)}`;
  }

  private addAddressOutput(id: string, address: () => string): void {
    const produce = () => withEngine(address(), this.bindAddress, remoteEngineHost(this.engine));
    new TerraformOutput(this, id, { value: Lazy.stringValue({ produce }) });
  }

  private get engine(): TerraformProvider | undefined {
    return (this.engineProvider ??= defaultDockerProvider(this));
  }
}

/**
 * Indices into the container's list of ports. The list is sorted by container port, because the provider reads the
 * ports back in this order.
 */
const [HTTP, GRPC] = [0, 1];

function publishedPorts(ip: string, { port, grpcPort, metricsPort }: ContainerizedModelProps): ContainerPorts[] {
  const { httpPortNumber, grpcPortNumber, metricsPortNumber } = SETTING_DEFAULTS;
  return [
    { internal: httpPortNumber, external: port, ip },
    { internal: grpcPortNumber, external: grpcPort, ip },
    ...(metricsPort === undefined ? [] : [{ internal: metricsPortNumber, external: metricsPort, ip }]),
  ];
}

function variables(environment: Record<string, string>): string[] {
  return Object.entries(environment)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
}

function labels(values: Record<string, string>): ContainerLabels[] {
  return Object.entries(values).map(([label, value]) => ({ label, value }));
}
