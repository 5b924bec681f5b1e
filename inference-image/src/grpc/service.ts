import type { Method as Definition, Service } from 'protobufjs/light';
import type { Log } from '../base/log';
import type { Inflater } from '../budget/inflater';
import type { MemoryBudget } from '../budget/memory-budget';
import type { UnreadAnswers } from '../budget/unread-answers';
import type { ModelManifest } from '../contract/model-manifest';
import type { DataPlane } from '../inference/data-plane';
import type { Metrics } from '../metrics/metrics';
import type { ModelTuning } from '../protocol/metadata';
import { decodeMessage, encodeMessage } from './messages';
import type { Method } from './transport/method';
import { toServingError } from './transport/status';

/** Limit on the bytes of a message without tensors. */
const MAX_CONTROL_BYTES = 64 * 1024;
/** Limit on the bytes of a message that does not count toward the budget. */
const MAX_PROBE_BYTES = 4 * 1024;

/** Handles a decoded request; returns the reply to encode. */
type UnaryHandler<Q> = (request: Q) => object;

/** Converts a method definition to a method of the transport. */
export type MethodHandler = (definition: Definition) => Omit<Method, 'path' | 'maxMessageBytes'> & Partial<Method>;

/** Converts a service to methods of the transport. */
export function implement(service: Service, handlers: Record<string, MethodHandler>): Method[] {
  return service.methodsArray.map((definition) => {
    const path = `/${service.fullName.slice(1)}/${definition.name}`;
    const method = (handlers[definition.name] as MethodHandler)(definition);
    const maxMessageBytes = method.isCounted === false ? MAX_PROBE_BYTES : MAX_CONTROL_BYTES;
    return { path, maxMessageBytes, ...method };
  });
}

/** Creates a method with one request and one reply. */
export function unary<Q>(handle: UnaryHandler<Q>, log: Log): MethodHandler {
  return ({ resolvedRequestType, resolvedResponseType }) => ({
    handle: (call, message) => {
      try {
        const reply = handle(decodeMessage(resolvedRequestType!, message));
        // `fromObject` converts the names of enumeration values to numbers.
        call.answer(encodeMessage(resolvedResponseType!, resolvedResponseType!.fromObject(reply)));
      } catch (error) {
        call.fail(toServingError(error, log));
      }
    },
  });
}

/** Like `unary`, but for health calls, which are answered even when the memory budget is full. */
export function probe<Q>(handle: UnaryHandler<Q>, log: Log): MethodHandler {
  return (definition) => ({ ...unary(handle, log)(definition), isCounted: false });
}

export interface GrpcOptions {
  readonly model: ModelManifest;
  readonly tuning: ModelTuning;
  readonly dataPlane: DataPlane;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly maxRequestBytes: number;
  readonly budget: MemoryBudget;
  readonly inflater: Inflater;
  readonly unread: UnreadAnswers;
  readonly receiveTimeoutSeconds: number;
  readonly sendTimeoutSeconds: number;
  readonly maxConnectionAgeSeconds: number;
}
