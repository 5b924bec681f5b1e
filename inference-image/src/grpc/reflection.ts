import type { Field, Namespace, ReflectionObject, Service as ServiceType } from 'protobufjs/light';
import type { Log } from '../base/log';
import { Enum, FileDescriptorProto, MapField, Service, Type } from './libraries';
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

/** https://github.com/protocolbuffers/protobuf/blob/main/src/google/protobuf/descriptor.proto */
const FIELD_TYPE: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const MESSAGE_TYPE = 11;
const ENUM_TYPE = 14;
const OPTIONAL = 1;
const REPEATED = 3;

/**
 * Describes a package as a FileDescriptorProto. protobufjs's own descriptors have relative names, which Go tools
 * reject.
 */
export function describePackage(namespace: Namespace): Buffer {
  const fullName = namespace.fullName.slice(1);
  const { messageType, enumType, service } = childrenOf(namespace);
  const file = { name: fileNameOf(namespace), package: fullName, syntax: 'proto3', messageType, enumType, service };
  return FileDescriptorProto.encode(FileDescriptorProto.fromObject(file)).finish() as Buffer;
}

export function fileNameOf(namespace: Namespace): string {
  return `${namespace.fullName.slice(1).replaceAll('.', '/')}.proto`;
}

function childrenOf({ nestedArray }: Namespace) {
  return {
    messageType: nestedArray.filter((each) => each instanceof Type).map(describeType),
    enumType: nestedArray.filter((each) => each instanceof Enum).map(describeEnum),
    service: nestedArray.filter((each) => each instanceof Service).map(describeService),
  };
}

function describeType(type: Type): object {
  const { messageType, enumType } = childrenOf(type);
  const entries = type.fieldsArray.filter((field) => field instanceof MapField).map(describeEntry);
  return {
    name: type.name,
    field: type.fieldsArray.map((field) => describeField(field, type)),
    nestedType: [...messageType, ...entries],
    enumType,
    oneofDecl: type.oneofsArray.map(({ name }) => ({ name })),
  };
}

function describeField(field: Field, type: Type): object {
  const { name, id, partOf } = field;
  const oneof = partOf ? { oneofIndex: type.oneofsArray.indexOf(partOf) } : {};
  if (field instanceof MapField) {
    const typeName = `${type.fullName}.${entryName(field)}`;
    return { name, number: id, label: REPEATED, type: MESSAGE_TYPE, typeName };
  }
  return { name, number: id, label: field.repeated ? REPEATED : OPTIONAL, ...typeOf(field), ...oneof };
}

function typeOf({ type, resolvedType }: Pick<Field, 'type' | 'resolvedType'>): object {
  if (!resolvedType) return { type: FIELD_TYPE[type] };
  return { type: resolvedType instanceof Enum ? ENUM_TYPE : MESSAGE_TYPE, typeName: resolvedType.fullName };
}

/**
 * Describes the entry message of a map, because protobuf represents a map as a repeated message with a key and a value.
 */
function describeEntry(field: MapField): object {
  return {
    name: entryName(field),
    field: [
      { name: 'key', number: 1, label: OPTIONAL, type: FIELD_TYPE[field.keyType] },
      { name: 'value', number: 2, label: OPTIONAL, ...typeOf(field) },
    ],
    options: { mapEntry: true },
  };
}

/** Name that protobuf requires for a map's entry message: `ParametersEntry` for `parameters`. */
function entryName({ name }: MapField): string {
  return `${name.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}

function describeEnum({ name, values }: Enum): object {
  return { name, value: Object.entries(values).map(([key, number]) => ({ name: key, number })) };
}

function describeService({ name, methodsArray }: Service): object {
  return {
    name,
    method: methodsArray.map((method) => ({
      name: method.name,
      inputType: method.resolvedRequestType?.fullName,
      outputType: method.resolvedResponseType?.fullName,
      clientStreaming: method.requestStream === true,
      serverStreaming: method.responseStream === true,
    })),
  };
}
