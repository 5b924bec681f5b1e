import type { ServiceV1SpecPort } from '@cdktf/provider-kubernetes/lib/service-v1';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/settings';

/** How clients in the cluster find the replicas. */
export interface ServiceOptions {
  /**
   * Leave balancing to clients, as gRPC ones can: the name then resolves to all replicas, which listen on 8080 for HTTP
   * and on 8081 for gRPC.
   * @default false
   */
  readonly headless?: boolean;
  /**
   * For HTTP.
   * @default 80
   */
  readonly port?: number;
  /**
   * For gRPC.
   * @default 8081
   */
  readonly grpcPort?: number;
  /** More annotations on the Service. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The ports that clients use: a headless service cannot have others than the replicas. */
export function servicePorts({ headless, port = 80, grpcPort = SETTING_DEFAULTS.grpcPortNumber }: ServiceOptions) {
  const { httpPortNumber, grpcPortNumber } = SETTING_DEFAULTS;
  return headless ? { http: httpPortNumber, grpc: grpcPortNumber } : { http: port, grpc: grpcPort };
}

/** What is spoken on them is named too, so that meshes and gateways need not guess. */
export function servicePortSpecs(options: ServiceOptions): ServiceV1SpecPort[] {
  const { http, grpc } = servicePorts(options);
  return [
    { name: 'http', port: http, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
    { name: 'grpc', port: grpc, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
  ];
}
