import {
  DeploymentV1,
  type DeploymentV1SpecTemplateSpecContainerEnv,
  type DeploymentV1SpecTemplateSpecToleration,
  type DeploymentV1SpecTemplateSpecTopologySpreadConstraint,
} from '@cdktf/provider-kubernetes/lib/deployment-v1';
import type { TerraformProvider } from 'cdktf';
import { Construct } from 'constructs';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';
import type { ModelImage } from '../container-image/model-image';
import { servingEnvironment, stopGraceSeconds } from '../terraform/serving-environment';
import { asText } from '../terraform/tokens';
import { computeResources } from './compute-resources';
import { modelAnnotations, modelLabels } from './labels';
import { probes } from './probes';
import type { ReplicaSizes } from './replica-sizes';
import { DEFAULT_SURGE, type RolloutOptions, rolloutTimes } from './rollout';

/** Name of the container in each pod. */
export const CONTAINER_NAME = 'server';

/** Scheduling and metadata of the pods. */
export interface PodOptions {
  /** Labels that a node must have, in addition to the system and architecture of the image. @default - none */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints that the pods tolerate. @default - none */
  readonly tolerations?: DeploymentV1SpecTemplateSpecToleration[];
  /** Name of a PriorityClass. @default - the cluster's default */
  readonly priorityClassName?: string;
  /** Names of Secrets with registry credentials, in the service's namespace. @default - none */
  readonly imagePullSecrets?: readonly string[];
  /** Additional labels of pods. @default - none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Additional annotations of pods. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Options that all Deployments of a service share. */
export interface DeploymentOptions {
  readonly namespace: string;
  readonly serviceAccountName: string;
  readonly environment?: Readonly<Record<string, EnvironmentValue>>;
  readonly pod?: PodOptions;
  readonly rollout?: RolloutOptions;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly podAnnotations?: Readonly<Record<string, string>>;
  readonly provider?: TerraformProvider;
}

export interface ModelDeploymentProps extends DeploymentOptions {
  readonly name: string;
  readonly image: ModelImage;
  readonly sizes: ReplicaSizes;
  /** Labels by which the Deployment selects its pods. */
  readonly selector: Readonly<Record<string, string>>;
  /** Number of replicas; undefined if an autoscaler sets it. */
  readonly replicas?: number;
  /** Maximum number of replicas that the autoscaler may set. */
  readonly maxReplicas?: number;
}

/** Replicas of the inference server with one model: `kubernetes_deployment_v1`. */
export class ModelDeployment extends DeploymentV1 {
  constructor(scope: Construct, id: string, props: ModelDeploymentProps) {
    const { image, pod = {}, rollout = {}, selector } = props;
    const { model } = image;
    const [os, arch] = image.platform.split('/');
    const times = rolloutTimes(rollout, model, props.replicas ?? props.maxReplicas);
    const ownLabels = { ...modelLabels(model), ...selector };
    const annotations = { ...props.annotations, ...modelAnnotations(model) };
    super(scope, id, {
      provider: props.provider,
      metadata: {
        name: props.name,
        namespace: props.namespace,
        labels: { ...props.labels, ...ownLabels },
        annotations,
      },
      waitForRollout: rollout.wait ?? true,
      timeouts: { create: `${asText(times.timeoutSeconds)}s`, update: `${asText(times.timeoutSeconds)}s` },
      spec: {
        replicas: props.replicas === undefined ? undefined : asText(props.replicas),
        progressDeadlineSeconds: times.progressDeadlineSeconds,
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxUnavailable: '0', maxSurge: asText(rollout.maxSurge ?? DEFAULT_SURGE) },
        },
        selector: { matchLabels: { ...selector } },
        template: {
          metadata: {
            labels: { ...props.labels, ...pod.labels, ...ownLabels },
            annotations: { ...props.podAnnotations, ...pod.annotations, ...modelAnnotations(model) },
          },
          spec: {
            serviceAccountName: props.serviceAccountName,
            // By default, the provider mounts a token despite the setting of the service account.
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: '65532',
              runAsGroup: '65532',
              seccompProfile: { type: 'RuntimeDefault' },
            },
            terminationGracePeriodSeconds: stopGraceSeconds(props.sizes.serving),
            nodeSelector: { ...pod.nodeSelector, 'kubernetes.io/os': os!, 'kubernetes.io/arch': arch! },
            toleration: pod.tolerations,
            priorityClassName: pod.priorityClassName,
            imagePullSecrets: pod.imagePullSecrets?.map((name) => ({ name })),
            topologySpreadConstraint: spread(selector),
            container: [container(props, times.startupSeconds)],
          },
        },
      },
    });
  }
}

function container({ image, sizes, environment }: ModelDeploymentProps, startupSeconds: number) {
  return {
    name: CONTAINER_NAME,
    image: image.reference,
    imagePullPolicy: 'IfNotPresent',
    env: environmentVariables({
      ...environment,
      ...servingEnvironment(sizes.serving, image.expected),
    }),
    port: [
      { name: 'http', containerPort: SETTING_DEFAULTS.httpPortNumber, protocol: 'TCP' },
      { name: 'grpc', containerPort: SETTING_DEFAULTS.grpcPortNumber, protocol: 'TCP' },
      { name: 'metrics', containerPort: SETTING_DEFAULTS.metricsPortNumber, protocol: 'TCP' },
    ],
    resources: computeResources(sizes.resources, sizes.memoryMiB),
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    // The last lines of the log show why a replica terminated.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    ...probes(startupSeconds),
  };
}

/**
 * Spreads pods over zones and nodes if possible; a hard constraint would leave pods pending. Only pods of the same
 * version count, because old pods that are about to be removed would skew the placement of new ones.
 */
export function spread(
  selector: Readonly<Record<string, string>>,
): DeploymentV1SpecTemplateSpecTopologySpreadConstraint[] {
  return ['topology.kubernetes.io/zone', 'kubernetes.io/hostname'].map((topologyKey) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: [{ matchLabels: { ...selector } }],
    matchLabelKeys: ['pod-template-hash'],
  }));
}

/** A key of a Secret in the service's namespace. Its value is read when a replica starts. */
export interface SecretKey {
  readonly secretName: string;
  readonly key: string;
  /**
   * Whether the replica starts without the variable if the Secret or its key is missing.
   * @default false
   */
  readonly optional?: boolean;
}

export type EnvironmentValue = string | SecretKey;

/** Whether this is a string or a key of a Secret. */
export function isEnvironmentValue(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value === 'string';
  const { secretName, key } = value as Partial<SecretKey>;
  return typeof secretName === 'string' && typeof key === 'string';
}

export function environmentVariables(
  environment: Readonly<Record<string, EnvironmentValue>>,
): DeploymentV1SpecTemplateSpecContainerEnv[] {
  return Object.entries(environment)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, ...source(value) }));
}

function source(value: EnvironmentValue): Omit<DeploymentV1SpecTemplateSpecContainerEnv, 'name'> {
  if (typeof value === 'string') return { value };
  const { secretName, key, optional } = value;
  return { valueFrom: { secretKeyRef: { name: secretName, key, optional } } };
}
