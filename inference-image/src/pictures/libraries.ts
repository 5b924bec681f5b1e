import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import decodeJpegWith, { type MozJPEGModule } from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import { decode as pngPixels, initSync as startPng } from '@jsquash/png/codec/pkg/squoosh_png.js';
import { initSync as startResize, resize as resizePixels } from '@jsquash/resize/lib/resize/pkg/squoosh_resize.js';
import { invalid } from '../errors';
import type { PictureHeader } from './picture-header';
import type { Picture } from './picture';

/** Index in the library's list of filters. */
const TRIANGLE = 0;

/** Decoders and resize filter in WebAssembly: a malicious file can only damage their own memory. */
export class PictureLibraries {
  private jpeg?: Promise<MozJPEGModule>;

  async decode(body: Uint8Array, format: PictureHeader['format']): Promise<Picture> {
    try {
      if (format === 'png') {
        startPng(wasm('squoosh_png_bg.wasm'));
        return pngPixels(body);
      }
      const decoder = await (this.jpeg ??= startJpeg());
      // Rotated according to the file's EXIF orientation.
      const picture = decoder.decode(body, true);
      if (!picture) throw new Error('nothing was decoded');
      return picture;
    } catch {
      // The libraries give no reason.
      throw invalid(`the ${format.toUpperCase()} file cannot be decoded: it is damaged`);
    }
  }

  /** Applies a triangle filter that is widened by the factor by which the picture shrinks, without gamma correction. */
  resize({ data, ...from }: Picture, width: number, height: number): Picture {
    startResize(wasm('squoosh_resize_bg.wasm'));
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { data: resizePixels(bytes, from.width, from.height, width, height, TRIANGLE, false, false), width, height };
  }
}

function startJpeg(): Promise<MozJPEGModule> {
  return decodeJpegWith({
    noInitialRun: true,
    print: ignore,
    printErr: ignore,
    instantiateWasm: (imports: object, receive: (instance: WebAssembly.Instance) => void) => {
      const instance = new WebAssembly.Instance(wasm('mozjpeg_dec.wasm'), imports);
      receive(instance);
      return instance.exports;
    },
  });
}

function ignore(): void {}

const modules = new Map<string, WebAssembly.Module>();

/** Compiled at first use, from the file beside this bundle. */
function wasm(file: string): WebAssembly.Module {
  const known = modules.get(file) ?? new WebAssembly.Module(readFileSync(join(__dirname, file)));
  modules.set(file, known);
  return known;
}
