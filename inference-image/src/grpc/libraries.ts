/**
 * What speaking gRPC takes of other people's code: the messages of control methods and the description of services. It
 * is a bundle of its own, so that a server which nobody speaks gRPC with neither reads nor compiles it: everything in
 * this folder that needs a value of these imports it from here, and nothing outside of it does.
 */
export { FileDescriptorProto } from 'protobufjs/ext/descriptor';
export { Enum, MapField, Root, Service, Type } from 'protobufjs/light';
