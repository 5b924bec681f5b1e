import type { Namespace, ReflectionObject, Service as ServiceType } from 'protobufjs/light';
import type { Log } from '../base/log';
import { describePackage, fileNameOf } from './descriptors';
import { Enum, Service, Type } from './libraries';
import { decodeMessage, encodeMessage } from './messages';
import type { MethodHandler } from './service';
import { STATUS, toServingError } from './transport/status';

interface ReflectionRequest {
  readonly host: string;
  readonly message_request?: string;
  readonly file_by_filename: string;
  readonly file_containing_symbol: string;
}

/** Maximum length of a request that is repeated in its answer. */
const MAX_ECHO_BYTES = 1024;

/** Handlers of server reflection, so that tools such as grpcurl need no protocol files. */
export function reflectionHandlers(services: readonly ServiceType[], log: Log): Record<string, MethodHandler> {
  let table: ReflectionTable | undefined;
  return {
    ServerReflectionInfo: ({ resolvedRequestType, resolvedResponseType }) => ({
      isStream: true,
      handle: (call, message) => {
        try {
          const request = decodeMessage<ReflectionRequest>(resolvedRequestType!, message);
          const echo = message.length <= MAX_ECHO_BYTES ? { valid_host: request.host, original_request: request } : {};
          table ??= new ReflectionTable(services);
          call.answer(encodeMessage(resolvedResponseType!, { ...echo, ...table.answer(request) }));
        } catch (error) {
          call.fail(toServingError(error, log));
        }
      },
    }),
  };
}

/** Reflection answers for all known names. */
class ReflectionTable {
  private readonly services: object;
  private readonly files = new Map<string, Buffer>();
  private readonly symbols = new Map<string, Buffer>();

  constructor(services: readonly ServiceType[]) {
    const names = services.map(({ fullName }) => fullName.slice(1));
    this.services = { list_services_response: { service: names.map((name) => ({ name })) } };
    for (const { parent } of services) {
      const file = describePackage(parent as Namespace);
      this.files.set(fileNameOf(parent as Namespace), file);
      for (const each of (parent as Namespace).nestedArray) this.addSymbols(each, file);
    }
  }

  answer({ message_request: kind, file_by_filename: name, file_containing_symbol: symbol }: ReflectionRequest) {
    switch (kind) {
      case 'list_services':
        return this.services;
      case 'file_by_filename':
        return fileAnswer(this.files.get(name));
      case 'file_containing_symbol':
        return fileAnswer(this.symbols.get(symbol));
      default:
        return notFound('there are no extensions');
    }
  }

  /** Adds the names of a type or a service and of its members. */
  private addSymbols(object: ReflectionObject, file: Buffer): void {
    const name = object.fullName.slice(1);
    this.symbols.set(name, file);
    if (object instanceof Enum)
      for (const value of Object.keys(object.values)) this.symbols.set(`${name}.${value}`, file);
    if (object instanceof Service)
      for (const { name: method } of object.methodsArray) this.symbols.set(`${name}.${method}`, file);
    if (!(object instanceof Type)) return;
    for (const { name: field } of object.fieldsArray) this.symbols.set(`${name}.${field}`, file);
    for (const nested of object.nestedArray) this.addSymbols(nested, file);
  }
}

function fileAnswer(file: Buffer | undefined): object {
  if (!file) return notFound('no such symbol');
  return { file_descriptor_response: { file_descriptor_proto: [file] } };
}

function notFound(message: string): object {
  return { error_response: { error_code: STATUS.NOT_FOUND, error_message: message } };
}
