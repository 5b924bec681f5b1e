import { parse } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { Construct } from 'constructs';

/** Settings of your platform. Edit them once, before you distribute the template. */
export const PLATFORM = {
  registry: 'registry.example.com',
  domain: 'models.example.com',
  ingressClass: 'nginx',
  ingressNamespace: 'ingress-nginx',
  monitoringNamespace: 'monitoring',
  certificateSecret: 'wildcard-models',
  pullSecret: 'registry-login',
};

/** Settings that a product team chooses. */
export interface PlatformModelServiceProps {
  /** Path of the ONNX file. The file name becomes the model's name. */
  readonly model: string;
  /** The model's version. */
  readonly version: string;
  /** Name of the team, which is also its Kubernetes namespace and its path in the registry. */
  readonly team: string;
  /** Maximum number of replicas. @default 4 */
  readonly maxReplicas?: number;
  /** CPUs of each replica. @default 1 */
  readonly cpus?: number;
}

/** A model service that follows the platform's rules. */
export class PlatformModelService extends Construct {
  readonly service: ScalableModelService;

  constructor(scope: Construct, id: string, props: PlatformModelServiceProps) {
    super(scope, id);
    const { model, version, team, maxReplicas = 4, cpus = 1 } = props;
    const { name } = parse(model);
    this.service = new ScalableModelService(this, 'service', {
      model: OnnxModel.fromFile(model, { version }),
      repository: `${PLATFORM.registry}/${team}/${name}`,
      namespace: team,
      name,
      autoscaling: { minReplicas: 2, maxReplicas },
      resources: { cpu: cpus },
      pod: { imagePullSecrets: [PLATFORM.pullSecret], nodeSelector: { pool: 'inference' } },
      network: { scrapers: [Peers.namespace(PLATFORM.monitoringNamespace)] },
      labels: { team },
    });
    this.service.exposeViaIngress({
      host: `${name}.${PLATFORM.domain}`,
      className: PLATFORM.ingressClass,
      tls: { secretName: PLATFORM.certificateSecret },
      from: Peers.namespace(PLATFORM.ingressNamespace),
    });
  }
}
