import { healthHandlers } from './health';
import { INFERENCE_SERVICE, inferenceHandlers } from './inference-service';
import { ROOT } from './messages';
import { reflectionHandlers } from './reflection';
import { type GrpcOptions, implement, type MethodHandler } from './service';
import { Transport } from './transport/transport';

/** Creates the gRPC transport with its services: inference, health and reflection. */
export function grpcServer(options: GrpcOptions): Transport {
  const services: Record<string, Record<string, MethodHandler>> = {
    [INFERENCE_SERVICE]: inferenceHandlers(options),
    'grpc.health.v1.Health': healthHandlers(options),
  };
  const names = [
    ...Object.keys(services),
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
  ];
  const reflection = reflectionHandlers(
    names.map((name) => ROOT.lookupService(name)),
    options.log,
  );
  const methods = names.flatMap((name) => implement(ROOT.lookupService(name), services[name] ?? reflection));
  return new Transport({ ...options, methods });
}
