import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Service } from 'protobufjs/light';
import { describePackage, fileNameOf } from './descriptors';
import { status } from './libraries';
import { decodeMessage, encodeMessage } from './messages';
import type { MethodHandler } from './service';
import type { Streams } from './streams';

interface ReflectionRequest {
  readonly host: string;
  readonly message_request?: string;
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
}

/** Tells tools such as grpcurl what this server speaks, so that they need no protocol files. */
export function reflectionHandlers(services: readonly Service[], streams: Streams): Record<string, MethodHandler> {
  return {
    ServerReflectionInfo: ({ resolvedRequestType, resolvedResponseType }) => {
      return (call: ServerDuplexStream<Buffer, Buffer>) => {
        streams.serve(call, async (bytes) => {
          const request = decodeMessage<ReflectionRequest>(resolvedRequestType!, bytes);
          const reply = { valid_host: request.host, original_request: request, ...answer(request, services) };
          return encodeMessage(resolvedResponseType!, reply);
        });
      };
    },
  };
}

function answer(request: ReflectionRequest, services: readonly Service[]): object {
  const names = services.map(({ fullName }) => fullName.slice(1));
  switch (request.message_request) {
    case 'list_services':
      return { list_services_response: { service: names.map((name) => ({ name })) } };
    case 'file_by_filename':
      return fileOf(services.find(({ parent }) => parent && fileNameOf(parent) === request.file_by_filename));
    case 'file_containing_symbol':
      return fileOf(services.find((service) => declares(service, request.file_containing_symbol)));
    default:
      return { error_response: { error_code: status.NOT_FOUND, error_message: 'there are no extensions' } };
  }
}

/** Whether the package of a service has this symbol: a type, an enum, a service or one of its methods. */
function declares({ parent, root }: Service, symbol: string): boolean {
  const found = root.lookup(symbol) ?? root.lookup(symbol.replace(/\.\w+$/, ''));
  return found?.fullName.startsWith(`${parent?.fullName}.`) === true;
}

function fileOf(service: Service | undefined): object {
  if (!service?.parent) return { error_response: { error_code: status.NOT_FOUND, error_message: 'no such symbol' } };
  return { file_descriptor_response: { file_descriptor_proto: [describePackage(service.parent)] } };
}
