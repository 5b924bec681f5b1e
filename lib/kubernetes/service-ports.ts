import type { ServiceV1SpecPort } from '@cdktf/provider-kubernetes/lib/service-v1';
import { SETTING_DEFAULTS } from '../../inference-image/src/contract/constants';

/** How clients in the cluster reach the replicas. */
export interface ServiceOptions {
  /**
   * Whether clients balance the load themselves, as gRPC clients can. The service name then resolves to all replicas,
   * which listen on port 8080 for HTTP and 8081 for gRPC.
   * @default false
   */
  readonly headless?: boolean;
  /**
   * HTTP port.
   * @default 80
   */
  readonly port?: number;
  /**
   * gRPC port.
   * @default 8081
   */
  readonly grpcPort?: number;
  /** Additional annotations of the Service. @default - none */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Ports for clients. For a headless service, these are the ports of the replicas. */
export function servicePorts({ headless, port = 80, grpcPort = SETTING_DEFAULTS.grpcPortNumber }: ServiceOptions) {
  const { httpPortNumber, grpcPortNumber } = SETTING_DEFAULTS;
  return headless ? { http: httpPortNumber, grpc: grpcPortNumber } : { http: port, grpc: grpcPort };
}

/** Ports with their application protocols, so that meshes and gateways need not detect them. */
export function servicePortSpecs(options: ServiceOptions): ServiceV1SpecPort[] {
  const { http, grpc } = servicePorts(options);
  return [
    { name: 'http', port: http, targetPort: 'http', protocol: 'TCP', appProtocol: 'http' },
    { name: 'grpc', port: grpc, targetPort: 'grpc', protocol: 'TCP', appProtocol: 'kubernetes.io/h2c' },
  ];
}
