import type { Socket } from 'node:net';
import { healthHandlers } from './health';
import { INFERENCE_SERVICE, inferenceHandlers } from './inference-service';
import { Server, ServerCredentials } from './libraries';
import { ROOT } from './messages';
import type { GrpcOptions } from './options';
import { reflectionHandlers } from './reflection';
import { definitionOf, implement, type MethodHandler } from './service';
import { Streams } from './streams';

/** Below the idle time of common load balancers (60 s): a connection that is quiet but alive is kept. */
const KEEP_ALIVE_MS = 50_000;
const KEEP_ALIVE_TIMEOUT_MS = 20_000;
const FOR_EVER_MS = 2 ** 31 - 1;

/** gRPC on connections that somebody else accepts. */
export class GrpcServer {
  private readonly server: Server;
  private readonly streams: Streams;
  private readonly injector;

  constructor(options: GrpcOptions) {
    this.streams = new Streams(options.log);
    this.server = new Server({
      'grpc.max_receive_message_length': options.maxRequestBytes,
      'grpc.max_send_message_length': -1,
      'grpc.max_connection_age_ms': options.maxConnectionAgeSeconds * 1000,
      'grpc.keepalive_time_ms': KEEP_ALIVE_MS,
      'grpc.keepalive_timeout_ms': KEEP_ALIVE_TIMEOUT_MS,
      'grpc.enable_channelz': 0,
    });
    const services: Record<string, Record<string, MethodHandler>> = {
      [INFERENCE_SERVICE]: inferenceHandlers(options, this.streams),
      'grpc.health.v1.Health': healthHandlers(options, this.streams),
    };
    const names = [
      ...Object.keys(services),
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
    ];
    const reflection = reflectionHandlers(
      names.map((name) => ROOT.lookupService(name)),
      this.streams,
    );
    for (const name of names) {
      const service = ROOT.lookupService(name);
      this.server.addService(definitionOf(service), implement(service, services[name] ?? reflection));
    }
    this.injector = this.server.createConnectionInjector(ServerCredentials.createInsecure());
  }

  accept(socket: Socket): void {
    this.injector.injectConnection(socket);
  }

  /** Tells the clients there are to connect anew, and so perhaps elsewhere; what they have asked for is finished. */
  drain(): void {
    this.injector.drain(FOR_EVER_MS);
  }

  /** Resolves once every call has its reply and every connection is closed. */
  close(): Promise<void> {
    this.streams.end();
    return new Promise((resolve) => this.server.tryShutdown(() => resolve()));
  }
}
