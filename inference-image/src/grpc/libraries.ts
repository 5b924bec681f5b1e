/**
 * Third-party code for gRPC: messages of control methods, and service descriptors. It is a separate bundle, so that a
 * server without gRPC clients neither reads nor compiles it. Files in this folder import values of these libraries only
 * from here, and files outside the folder do not import them.
 */
export { FileDescriptorProto } from 'protobufjs/ext/descriptor';
export { Enum, MapField, Root, Service, Type } from 'protobufjs/light';
