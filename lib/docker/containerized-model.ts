import { Container, type ContainerLabels, type ContainerPorts } from '@cdktf/provider-docker/lib/container';
import { Lazy, TerraformOutput, type TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import { ModelServingError } from '../base/errors';
import { InferenceImage, type ImageOptions } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import type { Model } from '../model/model';
import { writeOpenApiAtSynth } from '../terraform/openapi-at-synth';
import type { Sizing } from '../sizing/sizing';
import { checkProps } from '../terraform/props';
import { localHosts } from '../base/local-hosts';
import { servingEnvironment, type ServingOptions } from '../terraform/serving-options';
import { asText } from '../terraform/tokens';
import { noteBatching } from '../terraform/batching';
import { outputCard } from '../terraform/card-output';
import { stopGraceSeconds } from '../terraform/grace';
import { memoryMiBOf, sizedServing, sizingOf } from '../terraform/sizing';
import { noteRequests, noteSizing } from '../terraform/notes';
import { checkTerraformIds } from '../terraform/terraform-ids';
import { CONTAINER_PROPS, containerProblems, defaultContainerName } from './container-problems';
import {
  claimContainerName,
  claimHostPorts,
  defaultDockerProvider,
  engineHostProblems,
  publishedHost,
  remoteEngineHost,
  withEngine,
} from './engine';
import {
  cpuLabel,
  cpuLimit,
  hardened,
  type Hardening,
  healthCheck,
  type LogRotation,
  memoryLimit,
  rotated,
} from './container-settings';

const DEFAULT_WAIT_SECONDS = 120;

export interface ContainerizedModelProps {
  /** The model to build an image for. Set either this or `image`. */
  readonly model?: Model;
  /** Build options: base image, repository, platform. @default - see {@link ImageOptions} */
  readonly build?: Omit<ImageOptions, 'provider'>;
  /**
   * An existing image: an {@link InferenceImage}, which may be part of an earlier stack, or
   * `InferenceImage.fromRegistry`. If the image is part of an earlier stack, a failed build does not affect the running
   * container.
   */
  readonly image?: ModelImage;
  /**
   * HTTP port on the engine's host.
   * @default - a free port that Docker chooses; see `url`
   */
  readonly port?: number;
  /**
   * gRPC port on the engine's host.
   * @default - a free port that Docker chooses; see `grpcEndpoint`
   */
  readonly grpcPort?: number;
  /**
   * Metrics port on the engine's host, for Prometheus.
   * @default - metrics are reachable only from the container's networks
   */
  readonly metricsPort?: number;
  /**
   * Address of the engine's host to listen on; `0.0.0.0` for all addresses.
   * @default '127.0.0.1'
   */
  readonly bindAddress?: string;
  /**
   * CPU limit of the container; it determines the number of the server's threads.
   * @default - the CPUs that the container can use according to the model's profile; without a profile, all CPUs of the
   * host
   */
  readonly cpus?: number;
  /**
   * Memory limit in MiB, without swap.
   * @default - derived from the model's profile. Without a profile, 512 MiB (or more if requests need more), the size
   * of the weights for each executor, and that size once more. A model that accepts pictures gets 24 more bytes for
   * each pixel of `picture.maxPixels`
   */
  readonly memoryMiB?: number;
  /** @default - derived from the construct's path, such as `stack-digits` */
  readonly containerName?: string;
  /** Names of Docker networks to join. @default - the bridge network */
  readonly networks?: readonly string[];
  /** @default - only the model's name and version, and the CPU limit */
  readonly labels?: Readonly<Record<string, string>>;
  /** @default 'unless-stopped' */
  readonly restart?: 'no' | 'on-failure' | 'always' | 'unless-stopped';
  /** @default - 3 files of 10 MiB */
  readonly logRotation?: LogRotation;
  /** Additional environment variables. Sensitive Terraform values remain references. @default - none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of the server. @default - see {@link ServingOptions}, derived from the model's profile */
  readonly serving?: ServingOptions;
  /** @default - all hardening is enabled */
  readonly hardening?: Hardening;
  /**
   * How long an apply waits for the container to become ready, in seconds; 0 means that it does not wait.
   * @default 120
   */
  readonly waitSeconds?: number;
  /**
   * File to write the model's OpenAPI 3.1 document to at synth, relative to the working directory. It is the document
   * that the server returns at `/openapi.json`. An up-to-date file is not rewritten.
   * @default - not written
   */
  readonly openApiFile?: string;
  /** @default - the stack's Docker provider */
  readonly provider?: TerraformProvider;
}

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
    const { serving = {}, cpus, memoryMiB } = props;
    const source = props.image?.model ?? props.model;
    this.sizing = source && sizingOf(source, serving, { cpuRequest: cpus, cpuLimit: cpus, memoryMiB });
    const { environment = {}, waitSeconds = DEFAULT_WAIT_SECONDS, bindAddress = '127.0.0.1', provider } = props;
    const { port, grpcPort, metricsPort } = props;
    ModelServingError.throwIfAny([
      ...containerProblems(this.node.path, { ...props, containerName }, this.sizing),
      ...claimContainerName(this, containerName, provider),
      ...claimHostPorts(this, bindAddress, { port, grpcPort, metricsPort }, provider),
    ]);
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
    noteBatching(this, serving, this.model);
    const sized = sizedServing(serving, this.sizing);
    const allowedMemoryMiB = memoryMiBOf(this.model, serving, this.sizing, memoryMiB);
    noteSizing(this, this.model, serving, this.sizing, "all of the host's CPUs");
    noteRequests(this, this.model, sized, allowedMemoryMiB);
    const grace = stopGraceSeconds(serving);
    const allowedCpus = cpus ?? this.sizing?.cpus;
    const isBuiltHere = this.image instanceof InferenceImage;
    const allowedHosts = serving.allowedHosts ?? (isBuiltHere ? localHosts(bindAddress, containerName) : undefined);
    const served = { ...sized, page: serving.page ?? true, allowedHosts };

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
        ...cpuLabel(allowedCpus),
      }),
      ...cpuLimit(allowedCpus),
      ...memoryLimit(allowedMemoryMiB),
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
