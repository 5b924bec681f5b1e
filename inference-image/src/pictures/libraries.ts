import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import decodeJpegWith, { type MozJPEGModule } from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import { decode as pngPixels, initSync as startPng } from '@jsquash/png/codec/pkg/squoosh_png.js';
import { initSync as startResize, resize as resizePixels } from '@jsquash/resize/lib/resize/pkg/squoosh_resize.js';
import { invalid } from '../base/errors';
import type { PictureHeader } from './picture-header';
import type { Picture } from './pixels';

/** Index of the triangle filter in the library's list. */
const TRIANGLE = 0;

/** Decoders and a resize filter in WebAssembly, so that a malicious file can damage only their own memory. */
export class PictureLibraries {
  private jpeg?: Promise<MozJPEGModule>;

  async decode(body: Uint8Array, format: PictureHeader['format']): Promise<Picture> {
    try {
      if (format === 'png') {
        startPng(wasm('squoosh_png_bg.wasm'));
        return pngPixels(body);
      }
      const decoder = await (this.jpeg ??= startJpeg());
      // `true` rotates the picture according to the file's EXIF orientation.
      const picture = decoder.decode(body, true);
      if (!picture) throw new Error('nothing was decoded');
      return picture;
    } catch {
      // The libraries do not report a reason.
      throw invalid(`the ${format.toUpperCase()} file cannot be decoded: it is damaged`);
    }
  }

  /**
   * Resizes with a triangle filter, without gamma correction. If the picture shrinks, the filter is widened by the same
   * factor.
   */
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

/** Compiles a WebAssembly file that is in the same folder as this bundle, on first use. */
function wasm(file: string): WebAssembly.Module {
  const known = modules.get(file) ?? new WebAssembly.Module(readFileSync(join(__dirname, file)));
  modules.set(file, known);
  return known;
}
