import type { Type } from 'protobufjs/light';
import { invalid, messageOf } from '../base/errors';
import { Root } from './libraries';
import health from './protos/health.proto';
import openInference from './protos/open_inference.proto';
import reflection from './protos/reflection.proto';
import { PREFIX_BYTES } from '../protocol/wire-format';

/** All protocols of the gRPC port, one package for each file. */
export const ROOT = new Root();
for (const file of [openInference, health, reflection]) ROOT.addJSON(file.nested ?? {});
// Older clients use the package v1alpha for reflection; its messages are the same.
ROOT.define('grpc.reflection.v1alpha', ROOT.lookup('grpc.reflection.v1')?.toJSON().nested);
ROOT.resolveAll();

/** Decodes a message. @typeParam T Type of the decoded message. */
export function decodeMessage<T>(type: Type, bytes: Buffer): T {
  try {
    return type.decode(bytes) as T;
  } catch (error) {
    throw invalid(`the message is not a valid ${type.fullName.slice(1)}: ${messageOf(error)}`);
  }
}

/** Encodes a message as a gRPC frame, including its prefix. */
export function encodeMessage(type: Type, message: object): Buffer {
  // In Node, protobufjs returns a Buffer.
  const content = type.encode(message).finish() as Buffer;
  const frame = Buffer.alloc(PREFIX_BYTES + content.length);
  frame.writeUInt32BE(content.length, 1);
  content.copy(frame, PREFIX_BYTES);
  return frame;
}
