import type { Method as Definition, Service } from 'protobufjs/light';
import type { Log } from '../log';
import { decodeMessage, encodeMessage } from './messages';
import { toServingError } from './status';
import type { Method } from './transport/method';

/** Of messages that carry no tensors. */
const MAX_CONTROL_BYTES = 64 * 1024;
/** Of those that do not count against the budget. */
const MAX_PROBE_BYTES = 4 * 1024;

/** Answers a request, which protobufjs has read, with what it is to write. */
type UnaryHandler<Q> = (request: Q) => object;

/** Makes of a method's definition what the transport calls. */
export type MethodHandler = (definition: Definition) => Omit<Method, 'path' | 'maxMessageBytes'> & Partial<Method>;

/** What the transport must know of a service. */
export function implement(service: Service, handlers: Record<string, MethodHandler>): Method[] {
  return service.methodsArray.map((definition) => {
    const path = `/${service.fullName.slice(1)}/${definition.name}`;
    const method = (handlers[definition.name] as MethodHandler)(definition);
    const maxMessageBytes = method.isCounted === false ? MAX_PROBE_BYTES : MAX_CONTROL_BYTES;
    return { path, maxMessageBytes, ...method };
  });
}

export function unary<Q>(handle: UnaryHandler<Q>, log: Log): MethodHandler {
  return ({ resolvedRequestType, resolvedResponseType }) => ({
    handle: (call, message) => {
      try {
        const reply = handle(decodeMessage(resolvedRequestType!, message));
        // Enumerations are given by their names.
        call.answer(encodeMessage(resolvedResponseType!, resolvedResponseType!.fromObject(reply)));
      } catch (error) {
        call.fail(toServingError(error, log));
      }
    },
  });
}

/** As `unary`, and answered even when the budget of memory is full: whoever asks wants to know whether it works. */
export function probe<Q>(handle: UnaryHandler<Q>, log: Log): MethodHandler {
  return (definition) => ({ ...unary(handle, log)(definition), isCounted: false });
}
