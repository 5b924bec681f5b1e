import type { TerraformProvider } from 'cdktf';
import { type ImageOptions } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import type { Model } from '../model/model';
import { any, image, list, model, object, objectOf, type PropKinds, text, texts } from '../terraform/props';
import type { ServingOptions } from '../terraform/serving-options';
import type { Hardening, LogRotation } from './container-settings';

export interface ContainerizedModelProps {
  /** The model to build an image for. Set either this or `image`. */
  readonly model?: Model;
  /** Build options: base image, repository, platform. @default - see {@link ImageOptions} */
  readonly build?: Omit<ImageOptions, 'provider'>;
  /**
   * An existing image: an `InferenceImage`, which may be part of an earlier stack, or
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

/** Types of the props, checked at run time for users without TypeScript. */
export const CONTAINER_PROPS: PropKinds<ContainerizedModelProps> = {
  model,
  build: object,
  image,
  port: any,
  grpcPort: any,
  metricsPort: any,
  bindAddress: text,
  cpus: any,
  memoryMiB: any,
  containerName: text,
  networks: list,
  labels: texts,
  restart: text,
  logRotation: objectOf<LogRotation>({ maxSizeMiB: true, maxFiles: true }),
  environment: texts,
  serving: object,
  hardening: objectOf<Hardening>({
    readOnlyRootFilesystem: true,
    dropCapabilities: true,
    noNewPrivileges: true,
    user: true,
  }),
  waitSeconds: any,
  openApiFile: text,
  provider: object,
};
