import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import type { Dimension } from '../../inference-image/src/contract/signature';
import { FileCursor, MalformedFile } from './file-cursor';
import { bytesField, fieldHead, fieldsOf, MAX_DEPTH, varintField, type WireField } from './wire-format';

/** New dimensions of a model's inputs and outputs, by name. */
export interface NewShapes {
  readonly inputs: ReadonlyMap<string, readonly Dimension[]>;
  readonly outputs: ReadonlyMap<string, readonly Dimension[]>;
}

/** A part of the new file: bytes, or a range of the old file. */
type Part = Buffer | { readonly from: number; readonly to: number };

const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes a copy of a model with new shapes for its inputs and outputs. Shapes that were inferred from the old ones
 * (`value_info`, and shapes within subgraphs) are omitted, so that the runtime infers them again. Everything else is
 * copied without loading it into memory.
 *
 * @param source - path of the ONNX file
 * @param target - path of the new file, which must not exist
 * @throws MalformedFile
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto for field numbers
 */
export function writeWithShapes(source: string, target: string, shapes: NewShapes): void {
  const from = openSync(source, 'r');
  try {
    const parts = new ShapeEditor(from, shapes).model(fstatSync(from).size);
    const to = openSync(target, 'wx');
    try {
      for (const part of parts) copyPart(from, to, part);
    } finally {
      closeSync(to);
    }
  } finally {
    closeSync(from);
  }
}

class ShapeEditor {
  private readonly cursor: FileCursor;

  constructor(
    descriptor: number,
    private readonly shapes: NewShapes,
  ) {
    this.cursor = new FileCursor(descriptor);
  }

  model(sizeBytes: number): Part[] {
    return this.message(0, sizeBytes, (field) => {
      if (field.number === 7) return this.nested(field, () => this.graph(field, this.shapes, 1));
      if (field.number === 25) return this.nested(field, () => this.function(field));
      return [range(field)];
    });
  }

  /** @param shapes - undefined for a subgraph, whose shapes are omitted */
  private graph({ contentStart, end }: WireField, shapes: NewShapes | undefined, depth: number): Part[] {
    if (depth > MAX_DEPTH) throw new MalformedFile(`graphs are nested more than ${MAX_DEPTH} levels deep`);
    return this.message(contentStart, end, (field) => {
      switch (field.number) {
        case 1:
          return this.nested(field, () => this.node(field, depth));
        case 11:
          return this.nested(field, () => this.valueInfo(field, shapes?.inputs));
        case 12:
          return this.nested(field, () => this.valueInfo(field, shapes?.outputs));
        case 13:
          return [];
        default:
          return [range(field)];
      }
    });
  }

  private function({ contentStart, end }: WireField): Part[] {
    return this.message(contentStart, end, (field) => {
      if (field.number === 7) return this.nested(field, () => this.node(field, 1));
      return field.number === 12 ? [] : [range(field)];
    });
  }

  private node({ contentStart, end }: WireField, depth: number): Part[] {
    return this.message(contentStart, end, (field) =>
      field.number === 5 ? this.nested(field, () => this.attribute(field, depth)) : [range(field)],
    );
  }

  private attribute({ contentStart, end }: WireField, depth: number): Part[] {
    return this.message(contentStart, end, (field) =>
      field.number === 6 || field.number === 11
        ? this.nested(field, () => this.graph(field, undefined, depth + 1))
        : [range(field)],
    );
  }

  /** @param shapes - new shapes by name; other values keep their shapes. Undefined to omit all shapes */
  private valueInfo(value: WireField, shapes: ReadonlyMap<string, readonly Dimension[]> | undefined): Part[] {
    const dimensions = shapes?.get(this.nameOf(value));
    if (shapes && !dimensions) return [{ from: value.contentStart, to: value.end }];
    const tensor = ({ contentStart, end }: WireField) => [
      ...this.message(contentStart, end, (field) => (field.number === 2 ? [] : [range(field)])),
      ...(dimensions ? [bytesField(2, shapeContent(dimensions))] : []),
    ];
    const type = ({ contentStart, end }: WireField) =>
      this.message(contentStart, end, (field) =>
        field.number === 1 ? this.nested(field, () => tensor(field)) : [range(field)],
      );
    return this.message(value.contentStart, value.end, (field) =>
      field.number === 2 ? this.nested(field, () => type(field)) : [range(field)],
    );
  }

  private nameOf({ contentStart, end }: WireField): string {
    let name = '';
    for (const field of fieldsOf(this.cursor, contentStart, end)) {
      if (field.number !== 1) continue;
      this.cursor.position = field.end;
      name = this.cursor.since(field.contentStart).toString();
    }
    return name;
  }

  /** Replaces the content of a field. If the content does not change, copies the whole field. */
  private nested(field: WireField, contentOf: () => Part[]): Part[] {
    if (!field.hasLength) throw new MalformedFile(`the field at byte ${field.start} must have a length prefix`);
    const content = contentOf();
    const [only] = content;
    const isWhole = only && !Buffer.isBuffer(only) && only.from === field.contentStart && only.to === field.end;
    if (isWhole || field.contentStart === field.end) return [range(field)];
    const length = content.reduce((total, part) => total + lengthOf(part), 0);
    return [fieldHead(field.number, length), ...content];
  }

  private message(start: number, end: number, edit: (field: WireField) => Part[]): Part[] {
    const parts: Part[] = [];
    for (const field of fieldsOf(this.cursor, start, end)) {
      for (const part of edit(field)) append(parts, part);
    }
    return parts;
  }
}

function range({ start, end }: WireField): Part {
  return { from: start, to: end };
}

/** Adds a part. Merges adjacent ranges, because a graph can have thousands of nodes. */
function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (last && !Buffer.isBuffer(last) && !Buffer.isBuffer(part) && last.to === part.from) {
    parts[parts.length - 1] = { from: last.from, to: part.to };
  } else parts.push(part);
}

function lengthOf(part: Part): number {
  return Buffer.isBuffer(part) ? part.length : part.to - part.from;
}

/** Encodes a TensorShapeProto. */
function shapeContent(dimensions: readonly Dimension[]): Buffer {
  return Buffer.concat(
    dimensions.map((dimension) => {
      if (dimension === null) return bytesField(1, Buffer.alloc(0));
      if (typeof dimension === 'number') return bytesField(1, varintField(1, dimension));
      return bytesField(1, bytesField(2, Buffer.from(dimension)));
    }),
  );
}

function copyPart(from: number, to: number, part: Part): void {
  if (Buffer.isBuffer(part)) {
    writeSync(to, part);
    return;
  }
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, part.to - part.from));
  for (let position = part.from; position < part.to;) {
    const count = readSync(from, chunk, 0, Math.min(chunk.length, part.to - position), position);
    if (count === 0) throw new MalformedFile(`the file ended at byte ${position} while it was being copied`);
    for (let written = 0; written < count;) written += writeSync(to, chunk, written, count - written);
    position += count;
  }
}
