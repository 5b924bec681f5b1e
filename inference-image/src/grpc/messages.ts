import type { Type } from 'protobufjs/light';
import { invalid, messageOf } from '../errors';
import { Root } from './libraries';
import health from './protos/health.proto';
import openInference from './protos/open_inference.proto';
import reflection from './protos/reflection.proto';
import { PREFIX_BYTES } from '../protocol/wire-writer';

/** Everything that is spoken on this port, one package a file. */
export const ROOT = new Root();
for (const file of [openInference, health, reflection]) ROOT.addJSON(file.nested ?? {});
// Older clients ask for reflection by this name; the messages are the same.
ROOT.define('grpc.reflection.v1alpha', ROOT.lookup('grpc.reflection.v1')?.toJSON().nested);
ROOT.resolveAll();

/** @typeParam T What a message of this type looks like. */
export function decodeMessage<T>(type: Type, bytes: Buffer): T {
  try {
    return type.decode(bytes) as T;
  } catch (error) {
    throw invalid(`the message is not a valid ${type.fullName.slice(1)}: ${messageOf(error)}`);
  }
}

/** The message as gRPC sends it, prefix included. */
export function encodeMessage(type: Type, message: object): Buffer {
  // Node's Buffer has a writer of its own in protobufjs.
  const content = type.encode(message).finish() as Buffer;
  const frame = Buffer.alloc(PREFIX_BYTES + content.length);
  frame.writeUInt32BE(content.length, 1);
  content.copy(frame, PREFIX_BYTES);
  return frame;
}
