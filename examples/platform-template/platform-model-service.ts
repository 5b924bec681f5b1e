import { parse } from 'node:path';
import { OnnxModel } from 'cdktf-model-serving';
import { Peers, ScalableModelService } from 'cdktf-model-serving/kubernetes';
import { Construct } from 'constructs';

/** What differs from place to place; edit it once, for everybody who starts from this template. */
export const PLATFORM = {
  registry: 'registry.example.com',
  domain: 'models.example.com',
  ingressClass: 'nginx',
  ingressNamespace: 'ingress-nginx',
  monitoringNamespace: 'monitoring',
  certificateSecret: 'wildcard-models',
  pullSecret: 'registry-login',
};

/** What a product team decides. */
export interface PlatformModelServiceProps {
  /** Path of the ONNX file; its name becomes the model's. */
  readonly model: string;
  /** The model's version. */
  readonly version: string;
  /** The team's namespace, which is also its part of the registry. */
  readonly team: string;
  /** @default 4 */
  readonly maxReplicas?: number;
  /** CPUs of each replica. @default 1 */
  readonly cpus?: number;
}

/** A model as the platform wants it run: the house rules are here, and nowhere else. */
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
