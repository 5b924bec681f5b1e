import type { HorizontalPodAutoscalerV2 } from '@cdktf/provider-kubernetes/lib/horizontal-pod-autoscaler-v2';
import { IngressV1 } from '@cdktf/provider-kubernetes/lib/ingress-v1';
import { NetworkPolicyV1 } from '@cdktf/provider-kubernetes/lib/network-policy-v1';
import type { PodDisruptionBudgetV1 } from '@cdktf/provider-kubernetes/lib/pod-disruption-budget-v1';
import { ServiceAccountV1 } from '@cdktf/provider-kubernetes/lib/service-account-v1';
import { ServiceV1 } from '@cdktf/provider-kubernetes/lib/service-v1';
import { TerraformOutput } from 'cdktf';
import { Construct } from 'constructs';
import { ModelServingError } from '../base/errors';
import { InferenceImage, type ImageOptions } from '../container-image/inference-image';
import type { ModelImage } from '../container-image/model-image';
import type { Model } from '../model/model';
import { writeOpenApiAtSynth } from '../terraform/openapi-at-synth';
import type { Sizing } from '../sizing/sizing';
import { checkProps } from '../terraform/props';
import { asText } from '../terraform/tokens';
import { outputCard } from '../terraform/card-output';
import { noteWorkload } from '../terraform/notes';
import type { ServingOptions } from '../terraform/serving-options';
import { checkTerraformIds } from '../terraform/terraform-ids';
import { autoscaler } from './autoscaling';
import { Canary, type CanaryProps } from './canary';
import { capacityText } from './capacity';
import { disruptionBudget } from './disruption-budget';
import { kubernetesErrors } from './errors';
import {
  claimRoute,
  externalUrl,
  INGRESS_OPTIONS,
  type IngressOptions,
  ingressProblems,
  ingressSpec,
} from './exposure';
import {
  modelAnnotations,
  modelLabels,
  type ResourceMetadata,
  serviceSelector,
  STABLE_TRACK,
  trackSelector,
} from './labels';
import { type DeploymentOptions, ModelDeployment } from './model-deployment';
import { claimName, defaultResourceName, memberName } from './names';
import { networkPolicySpec, type Peer, peerProblems, Peers, scrapeAnnotations } from './network';
import { servicePorts, servicePortSpecs } from './service-ports';
import { serviceProblems } from './service-problems';
import { type ScalableModelServiceProps, SERVICE_PROPS } from './service-props';
import { type ServiceSizes, serviceSizes } from './service-sizes';

/**
 * Default drain time. It is longer than on Docker, because ingress controllers and load balancers learn about a
 * terminating pod through the API.
 */
const DRAIN_SECONDS = 15;

/** A model that runs as a Kubernetes service, with rolling updates, scaling, draining, and access control. */
export class ScalableModelService extends Construct {
  readonly model: Model;
  /** Image of the replicas. */
  readonly image: ModelImage;
  /** Name of all resources. */
  readonly name: string;
  readonly namespace: string;
  /** Resources and capacity of each replica, if the model has a profile. */
  readonly sizing?: Sizing;
  /** `kubernetes_deployment_v1` */
  readonly deployment: ModelDeployment;
  /** `kubernetes_service_v1` */
  readonly service: ServiceV1;
  /** `kubernetes_service_account_v1` */
  readonly serviceAccount: ServiceAccountV1;
  /** `kubernetes_horizontal_pod_autoscaler_v2`, if autoscaling is enabled. */
  readonly autoscaler?: HorizontalPodAutoscalerV2;
  /** `kubernetes_pod_disruption_budget_v1` of the replicas. A canary has its own. */
  readonly disruptionBudget: PodDisruptionBudgetV1;
  /** `kubernetes_network_policy_v1` */
  readonly networkPolicy: NetworkPolicyV1;
  /** HTTP URL within the cluster, such as `http://stack-digits.default.svc`. */
  readonly url: string;
  /** gRPC address without TLS within the cluster, in the form that clients expect: `stack-digits.default.svc:8081`. */
  readonly grpcEndpoint: string;

  private readonly props: ScalableModelServiceProps;
  /** Options of the server as the user set them, with the default drain time. */
  private readonly serving: ServingOptions;
  private readonly sizes: ServiceSizes;
  private readonly deploymentOptions: DeploymentOptions;
  private readonly peers: Peer[];
  private canaryOf?: Canary;
  private ingressOf?: IngressV1;

  /** @throws ModelServingError with all problems of the props */
  constructor(scope: Construct, id: string, props: ScalableModelServiceProps) {
    super(scope, id);
    checkProps(this.node.path, props, SERVICE_PROPS);
    const { drainSeconds = DRAIN_SECONDS, ...serving } = props.serving ?? {};
    this.props = props;
    this.serving = { drainSeconds, ...serving };
    const model = props.image?.model ?? props.model;
    const sizes = model && serviceSizes(model, { ...props, serving: this.serving });
    const { provider, namespace = 'default', name = defaultResourceName(this.node.path), network = {} } = props;
    ModelServingError.throwIfAny([
      ...serviceProblems(this.node.path, { ...props, name }, sizes),
      ...claimName(this, 'Deployment', name, namespace, provider),
    ]);
    // Without a model there is a problem.
    this.sizes = sizes!;
    this.sizing = this.sizes.sizing;
    this.name = name;
    this.namespace = namespace;
    this.image = props.image ?? new InferenceImage(this, 'image', { ...this.build, model: props.model! });
    this.model = this.image.model;
    checkTerraformIds(this);
    writeOpenApiAtSynth(this, this.model, props.openApiFile);
    noteWorkload(this, this.serving, this.sizes, '1 CPU');
    this.peers = [...(network.from ?? [Peers.sameNamespace()])];
    const metadata = this.metadata(name);

    this.serviceAccount = new ServiceAccountV1(this, 'service-account', {
      provider,
      metadata,
      automountServiceAccountToken: false,
    });
    this.deploymentOptions = {
      namespace,
      serviceAccountName: this.serviceAccount.metadata.name,
      environment: props.environment,
      pod: props.pod,
      rollout: props.rollout,
      labels: props.labels,
      annotations: props.annotations,
      podAnnotations: scrapeAnnotations(network),
      provider,
    };
    this.deployment = new ModelDeployment(this, 'deployment', {
      ...this.deploymentOptions,
      name,
      image: this.image,
      sizes: this.sizes,
      selector: trackSelector(name, STABLE_TRACK),
      replicas: this.sizes.replicas,
      maxReplicas: this.sizes.autoscaling?.maxReplicas,
    });
    this.service = this.createService();
    const host = `${asText(name)}.${asText(namespace)}.svc`;
    const ports = servicePorts(props.service ?? {});
    this.url = `http://${host}${ports.http === 80 ? '' : `:${asText(ports.http)}`}`;
    this.grpcEndpoint = `${host}:${asText(ports.grpc)}`;
    const { autoscaling } = this.sizes;
    if (autoscaling) {
      this.autoscaler = autoscaler(this, 'autoscaler', { metadata, deploymentName: name, autoscaling, provider });
    }
    this.disruptionBudget = disruptionBudget(this, 'disruption-budget', {
      metadata,
      selector: trackSelector(name, STABLE_TRACK),
      budget: props.disruptionBudget,
      provider,
    });
    this.networkPolicy = new NetworkPolicyV1(this, 'network-policy', { provider, metadata, spec: this.networkSpec() });
    this.addOutputs();
  }

  /**
   * Lets additional peers send requests.
   * @throws ModelServingError `peer-invalid`
   */
  allowFrom(...peers: Peer[]): void {
    ModelServingError.throwIfAny(peerProblems(this.node.path, 'allowFrom', peers));
    this.peers.push(...peers);
    this.networkPolicy.putSpec(this.networkSpec());
  }

  /**
   * Exposes the service outside the cluster: `kubernetes_ingress_v1`.
   * @throws ModelServingError with all problems
   */
  exposeViaIngress(options: IngressOptions): IngressV1 {
    const { path } = this.node;
    checkProps(path, options, INGRESS_OPTIONS, 'the options of exposeViaIngress');
    const { provider, serving } = this.props;
    const problems = ingressProblems(path, options, serving?.allowedHosts);
    if (this.ingressOf) problems.push(kubernetesErrors.exposedTwice(path));
    else problems.push(...claimRoute(this, options, provider));
    ModelServingError.throwIfAny(problems);
    const metadata = this.metadata(this.name, options.annotations);
    const spec = ingressSpec(this.service.metadata.name, options);
    this.ingressOf = new IngressV1(this, 'ingress', { provider, metadata, spec });
    this.allowFrom(options.from);
    new TerraformOutput(this, 'external-url', { value: externalUrl(options) });
    return this.ingressOf;
  }

  /**
   * Adds a second model, which gets a share of the connections of the same Service. To promote the second model, make
   * it the service's model and remove the canary. To roll back, remove the canary.
   * @throws ModelServingError with all problems
   */
  addCanary(id: string, props: CanaryProps): Canary {
    const { provider } = this.props;
    const where = `${this.node.path}/${id}`;
    if (this.canaryOf) {
      throw new ModelServingError([kubernetesErrors.canaryTwice(where, this.canaryOf.node.path)]);
    }
    if (this.node.tryFindChild(id)) throw new ModelServingError([kubernetesErrors.canaryIdTaken(where, id)]);
    const context = {
      name: this.name,
      model: this.model,
      replicas: this.sizes.replicas,
      build: this.build,
      resources: this.props.resources,
      serving: this.serving,
      deployment: this.deploymentOptions,
      disruptionBudget: this.props.disruptionBudget,
    };
    const canary = new Canary(this, id, context, props);
    const name = memberName(this.name, id);
    ModelServingError.throwIfAny(claimName(canary, 'Deployment', name, this.namespace, provider));
    return (this.canaryOf = canary);
  }

  /** `kubernetes_ingress_v1`, once the service is exposed. */
  get ingress(): IngressV1 | undefined {
    return this.ingressOf;
  }

  get canary(): Canary | undefined {
    return this.canaryOf;
  }

  private get build(): ImageOptions {
    return { ...this.props.build, repository: this.props.repository };
  }

  private metadata(name: string, annotations: Readonly<Record<string, string>> = {}): ResourceMetadata {
    return {
      name,
      namespace: this.namespace,
      labels: { ...this.props.labels, ...modelLabels(this.model), ...serviceSelector(this.name) },
      annotations: { ...this.props.annotations, ...annotations, ...modelAnnotations(this.model) },
    };
  }

  private createService(): ServiceV1 {
    const { provider, service = {} } = this.props;
    return new ServiceV1(this, 'service', {
      provider,
      metadata: this.metadata(this.name, service.annotations),
      spec: {
        type: 'ClusterIP',
        clusterIp: service.headless ? 'None' : undefined,
        selector: serviceSelector(this.name),
        port: servicePortSpecs(service),
      },
    });
  }

  private networkSpec() {
    return networkPolicySpec(serviceSelector(this.name), { ...this.props.network, from: this.peers });
  }

  private addOutputs(): void {
    const outputs = {
      url: this.url,
      'grpc-endpoint': this.grpcEndpoint,
      'image-reference': this.image.reference,
      'model-sha256': this.model.sha256,
      'model-version': this.model.version,
    };
    for (const [id, value] of Object.entries(outputs)) new TerraformOutput(this, id, { value });
    outputCard(this, this.model);
    this.addCapacityOutput();
  }

  private addCapacityOutput(): void {
    const { sizing, profile, replicas, autoscaling } = this.sizes;
    const { capacity } = this.props;
    if (!capacity || !sizing || !profile) return;
    const text = capacityText(capacity, replicas ?? autoscaling!.maxReplicas, sizing, profile);
    new TerraformOutput(this, 'capacity', { value: autoscaling ? `up to ${text}` : text });
  }
}
