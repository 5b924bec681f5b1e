import type { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import { TerraformOutput, Token } from 'cdktf';
import { Construct } from 'constructs';
import { ModelServingError, type Problem } from '../base/errors';
import { type ImageOptions, InferenceImage } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import { breaking, compareInterfaces } from '../interface/compare-interfaces';
import { interfaceOf } from '../interface/model-interface';
import type { Model } from '../model/model';
import type { Sizing } from '../sizing/sizing';
import { checkBatchable } from '../terraform/batching';
import { noteWorkload } from '../terraform/notes';
import { any, checkProps, image, model, Problems, type PropKinds } from '../terraform/props';
import type { ServingOptions } from '../terraform/serving-options';
import { checkMemory, checkRequestBudget, checkSource } from '../terraform/workload-problems';
import { distance, nearestShare, replicasFor } from './canary-weight';
import type { ComputeResources } from './compute-resources';
import { disruptionBudget, type DisruptionBudgetOptions } from './disruption-budget';
import { kubernetesErrors } from './errors';
import { modelAnnotations, modelLabels, STABLE_TRACK, trackSelector } from './labels';
import { type DeploymentOptions, ModelDeployment } from './model-deployment';
import { labelValue, memberName } from './names';
import { type ReplicaSizes, replicaSizes } from './replica-sizes';
import { checkDeadline } from './rollout';
import { checkPullable } from './service-problems';

export interface CanaryProps {
  /**
   * The model to try. It must have the same name as the service's model, but a different version. Set either this or
   * `image`.
   */
  readonly model?: Model;
  /** An image that exists in a registry. */
  readonly image?: ModelImage;
  /** Percentage of new connections that the canary gets. */
  readonly weight: number;
  /**
   * Allowed difference between `weight` and the share that a whole number of replicas can reach, in percentage points.
   * @default 1
   */
  readonly weightTolerance?: number;
  /**
   * Whether the interface of the canary may differ from that of the service's model. Differences can break clients that
   * reach the canary.
   * @default false
   */
  readonly acceptsInterfaceChange?: boolean;
}

/** Types of the props, checked at run time for users without TypeScript. */
const CANARY_PROPS: PropKinds<CanaryProps> = {
  model,
  image,
  weight: any,
  weightTolerance: any,
  acceptsInterfaceChange: any,
};

/** Properties of the service that a canary belongs to. */
export interface CanaryContext {
  readonly name: string;
  readonly model: Model;
  /** Number of replicas; undefined if an autoscaler sets it. */
  readonly replicas?: number;
  readonly build?: ImageOptions;
  /** Resources as set for the service. */
  readonly resources?: ComputeResources;
  /** Options of the server as set for the service, with the default drain time. */
  readonly serving: ServingOptions;
  readonly deployment: DeploymentOptions;
  readonly disruptionBudget?: DisruptionBudgetOptions;
}

/** A second model behind the Service of the first. Each replica of either model gets the same share of connections. */
export class Canary extends Construct {
  readonly model: Model;
  readonly image: ModelImage;
  /** `kubernetes_deployment_v1` */
  readonly deployment: ModelDeployment;
  /** `kubernetes_pod_disruption_budget_v1` */
  readonly disruptionBudget: PodDisruptionBudgetV1;
  readonly replicas: number;
  /** Resources and capacity of each replica, if the canary's model has a profile. */
  readonly sizing?: Sizing;
  /** Actual share of the canary in all replicas, in percent. */
  readonly weight: number;

  /** @throws ModelServingError with all problems */
  constructor(scope: Construct, id: string, context: CanaryContext, props: CanaryProps) {
    super(scope, id);
    checkProps(this.node.path, props, CANARY_PROPS);
    const track = labelValue(id);
    const { resources, serving } = context;
    const model = props.image?.model ?? props.model;
    const resolved = model && replicaSizes(model, { resources, serving });
    ModelServingError.throwIfAny(problemsOf(this.node.path, track, context, props, resolved));
    // Without a model there is a problem.
    const sizes = resolved!;
    this.sizing = sizes.sizing;
    this.image = props.image ?? new InferenceImage(this, 'image', { ...context.build, model: props.model! });
    this.model = this.image.model;
    noteWorkload(this, serving, sizes, '1 CPU');
    const share = nearestShare(context.replicas!, props.weight);
    this.replicas = share.replicas;
    this.weight = share.weight;
    const name = memberName(context.name, id);
    const selector = trackSelector(context.name, track);
    this.deployment = new ModelDeployment(this, 'deployment', {
      ...context.deployment,
      name,
      image: this.image,
      sizes,
      selector,
      replicas: share.replicas,
    });
    const { namespace, labels, annotations, provider } = context.deployment;
    this.disruptionBudget = disruptionBudget(this, 'disruption-budget', {
      metadata: {
        name,
        namespace,
        labels: { ...labels, ...modelLabels(this.model), ...selector },
        annotations: { ...annotations, ...modelAnnotations(this.model) },
      },
      selector,
      // `minAvailable` is meant for the service's replicas. For the few replicas of a canary, it could block all
      // evictions.
      budget: { maxUnavailable: context.disruptionBudget?.maxUnavailable },
      provider,
    });
    new TerraformOutput(this, 'weight', { value: share.weight });
  }
}

function problemsOf(
  where: string,
  track: string,
  context: CanaryContext,
  props: CanaryProps,
  sizes: ReplicaSizes | undefined,
): Problem[] {
  const problems = new Problems();
  if (track === STABLE_TRACK) problems.add(kubernetesErrors.canaryTrack(where, track));
  checkSource(where, props, problems);
  checkPullable(where, props.image, problems);
  if (props.model && context.build?.repository === undefined) problems.add(kubernetesErrors.repositoryMissing(where));
  const model = props.image?.model ?? props.model;
  if (model && model.name !== context.model.name) {
    problems.add(kubernetesErrors.canaryName(where, model.name, context.model.name));
  }
  if (model && !props.acceptsInterfaceChange) checkInterface(where, context.model, model, problems);
  if (model && model.version === context.model.version)
    problems.add(kubernetesErrors.canaryVersion(where, model.version));
  checkMemory(where, 'resources.memoryMiB', context.resources?.memoryMiB, sizes, problems);
  checkRequestBudget(where, sizes, problems);
  checkBatchable(where, context.serving, model, problems);
  if (model) checkDeadline(where, context.deployment.rollout ?? {}, model, problems);
  checkWeight(where, context.replicas, props, problems);
  return problems.list;
}

/**
 * Checks the interface of the canary. Clients of the service also reach the canary, but depend on the interface of the
 * service's model.
 */
function checkInterface(where: string, model: Model, canary: Model, problems: Problems): void {
  // A different name is reported separately.
  const differences = compareInterfaces(interfaceOf(model), { ...interfaceOf(canary), name: model.name });
  for (const difference of breaking(differences)) {
    problems.add(kubernetesErrors.canaryInterface(where, model.version, difference));
  }
}

function checkWeight(
  where: string,
  stable: number | undefined,
  { weight, weightTolerance: tolerance = 1 }: CanaryProps,
  problems: Problems,
): void {
  if (stable === undefined) return problems.add(kubernetesErrors.canaryAutoscaled(where));
  problems.checkKnown(where, 'weight', weight);
  problems.checkKnown(where, 'weightTolerance', tolerance);
  problems.checkKnown(where, 'replicas', stable);
  if ([weight, tolerance, stable].some(Token.isUnresolved)) return;
  if (!(weight > 0 && weight < 100)) return problems.add(kubernetesErrors.canaryWeight(where, weight));
  if (!(tolerance >= 0.01)) return problems.add(kubernetesErrors.canaryTolerance(where, tolerance));
  const nearest = nearestShare(stable, weight);
  if (distance(nearest, weight) <= tolerance) return;
  const enough = replicasFor(weight, tolerance, stable);
  problems.add(kubernetesErrors.canaryUnreachable(where, weight, tolerance, stable, nearest, enough));
}
