import type { TerraformProvider } from 'cdktf';
import { type ImageOptions } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import type { Model } from '../model/model';
import { any, image, model, object, objectOf, type PropKinds, record, text, texts } from '../terraform/props';
import type { ServingOptions } from '../terraform/serving-options';
import type { Autoscaling } from './autoscaling';
import type { Capacity } from './capacity';
import type { ComputeResources } from './compute-resources';
import { type DisruptionBudgetOptions } from './disruption-budget';
import { type EnvironmentValue, isEnvironmentValue, type PodOptions } from './model-deployment';
import type { NetworkOptions } from './network';
import type { RolloutOptions } from './rollout';
import type { ServiceOptions } from './service-ports';

export interface ScalableModelServiceProps {
  /** The model to build an image for. Set either this and `repository`, or `image`. */
  readonly model?: Model;
  /** Repository to push the built image to, without a tag, such as `registry.example.com/ml/digits`. */
  readonly repository?: string;
  /** Build options: base image, platform, Docker provider. @default - see {@link ImageOptions} */
  readonly build?: Omit<ImageOptions, 'repository'>;
  /**
   * An image in a registry: an `InferenceImage` with a repository, or `InferenceImage.fromRegistry` with a
   * digest.
   */
  readonly image?: ModelImage;
  /** @default 'default' */
  readonly namespace?: string;
  /** Name of all resources. @default - derived from the construct's path, such as `stack-digits` */
  readonly name?: string;
  /** A fixed number of replicas. @default - as many as `capacity` needs, at least 2 */
  readonly replicas?: number;
  /** Scales the number of replicas with the load. @default - a fixed number, `replicas` */
  readonly autoscaling?: Autoscaling;
  /**
   * Load that the service must handle; requires a model with a profile. Without `replicas` and `autoscaling`, it
   * determines the number of replicas. With either of them, it is an error if the replicas cannot handle the load.
   * @default - the load is not checked
   */
  readonly capacity?: Capacity;
  /** @default - derived from the model's profile; without one, 1 CPU and enough memory for the model */
  readonly resources?: ComputeResources;
  /**
   * Options of the server.
   * @default - see {@link ServingOptions}, derived from the model's profile; `drainSeconds` is 15
   */
  readonly serving?: ServingOptions;
  /** Additional environment variables, as strings or from Secrets. @default - none */
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  /** @default - all nodes of the image's architecture */
  readonly pod?: PodOptions;
  /** @default - up to 25 % additional replicas during an update, and never fewer than before */
  readonly rollout?: RolloutOptions;
  /**
   * Disruption budget of the service's replicas; its `maxUnavailable` also applies to a canary.
   * @default - one replica may be evicted at a time
   */
  readonly disruptionBudget?: DisruptionBudgetOptions;
  /**
   * @default - pods of the namespace may send requests, nobody can read metrics, and replicas cannot open connections
   */
  readonly network?: NetworkOptions;
  /** @default - a cluster IP with port 80 for HTTP and 8081 for gRPC */
  readonly service?: ServiceOptions;
  /** Additional labels of all resources and pods. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Additional annotations of all resources. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * File to write the model's OpenAPI 3.1 document to at synth, relative to the working directory. It is the document
   * that the server returns at `/openapi.json`. An up-to-date file is not rewritten.
   * @default - not written
   */
  readonly openApiFile?: string;
  /** @default - the stack's Kubernetes provider; `build.provider` is the Docker provider */
  readonly provider?: TerraformProvider;
}

/** Types of the props, checked at run time for users without TypeScript. */
export const SERVICE_PROPS: PropKinds<ScalableModelServiceProps> = {
  model,
  repository: text,
  build: object,
  image,
  namespace: text,
  name: text,
  replicas: any,
  autoscaling: objectOf<Autoscaling>({
    minReplicas: true,
    maxReplicas: true,
    target: true,
    scaleDownAfterSeconds: true,
  }),
  capacity: objectOf<Capacity>({ requestsPerSecond: true, headroom: true, at: true }),
  resources: objectOf<ComputeResources>({ cpu: true, cpuLimit: true, memoryMiB: true }),
  serving: object,
  environment: record(isEnvironmentValue, 'strings or keys of Secrets'),
  pod: objectOf<PodOptions>({
    nodeSelector: true,
    tolerations: true,
    priorityClassName: true,
    imagePullSecrets: true,
    labels: true,
    annotations: true,
  }),
  rollout: objectOf<RolloutOptions>({
    startupSeconds: true,
    progressDeadlineSeconds: true,
    maxSurge: true,
    wait: true,
  }),
  disruptionBudget: objectOf<DisruptionBudgetOptions>({ maxUnavailable: true, minAvailable: true }),
  network: objectOf<NetworkOptions>({ from: true, scrapers: true, egress: true, dns: true }),
  service: objectOf<ServiceOptions>({ headless: true, port: true, grpcPort: true, annotations: true }),
  labels: texts,
  annotations: texts,
  openApiFile: text,
  provider: object,
};
