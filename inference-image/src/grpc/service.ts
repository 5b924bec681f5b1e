import type {
  handleUnaryCall,
  ServiceDefinition,
  UntypedHandleCall,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { Method, Service } from 'protobufjs/light';
import type { Log } from '../log';
import { decodeMessage, encodeMessage } from './messages';
import { statusOf, toServingError } from './status';

/** Answers a request, which protobufjs has read, with what it is to write. */
export type UnaryHandler<Q> = (request: Q) => object;

/** A handler makes of each method what it is to grpc-js, which gets and gives bytes alone. */
export type MethodHandler = (method: Method) => UntypedHandleCall;

/** Messages are decoded in handlers: what grpc-js cannot deserialize it calls an internal error. */
const AS_IS = (bytes: Buffer) => bytes;

/** What grpc-js must know of a service. */
export function definitionOf(service: Service): ServiceDefinition {
  return Object.fromEntries(
    service.methodsArray.map(({ name, requestStream = false, responseStream = false }) => [
      name,
      {
        path: `/${service.fullName.slice(1)}/${name}`,
        requestStream,
        responseStream,
        requestSerialize: AS_IS,
        requestDeserialize: AS_IS,
        responseSerialize: AS_IS,
        responseDeserialize: AS_IS,
      },
    ]),
  );
}

export function implement(service: Service, handlers: Record<string, MethodHandler>): UntypedServiceImplementation {
  return Object.fromEntries(
    service.methodsArray.map((method) => [method.name, (handlers[method.name] as MethodHandler)(method)]),
  );
}

export function unary<Q>(handle: UnaryHandler<Q>, log: Log): MethodHandler {
  return ({ resolvedRequestType, resolvedResponseType }) => {
    const method: handleUnaryCall<Buffer, Buffer> = ({ request }, callback) => {
      try {
        const reply = handle(decodeMessage(resolvedRequestType!, request));
        // Enumerations are given by their names.
        callback(null, encodeMessage(resolvedResponseType!, resolvedResponseType!.fromObject(reply)));
      } catch (error) {
        callback(statusOf(toServingError(error, log)));
      }
    };
    return method;
  };
}
