import type { Field, Namespace } from 'protobufjs/light';
import { Enum, FileDescriptorProto, MapField, Service, Type } from './libraries';

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
