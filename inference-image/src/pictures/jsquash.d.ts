// Types of the parts of these libraries that the server uses. The libraries are ECMAScript modules for browsers.

declare module '@jsquash/jpeg/codec/dec/mozjpeg_dec.js' {
  interface Options {
    noInitialRun: boolean;
    print(text: string): void;
    printErr(text: string): void;
    instantiateWasm(imports: object, receive: (instance: WebAssembly.Instance) => void): unknown;
  }

  export interface MozJPEGModule {
    decode(data: Uint8Array, preserveOrientation: boolean): import('./pixels').Picture | null;
  }

  export default function start(options: Options): Promise<MozJPEGModule>;
}

declare module '@jsquash/png/codec/pkg/squoosh_png.js' {
  export function initSync(module: WebAssembly.Module): void;
  export function decode(data: Uint8Array): import('./pixels').Picture;
}

declare module '@jsquash/resize/lib/resize/pkg/squoosh_resize.js' {
  export function initSync(module: WebAssembly.Module): void;
  export function resize(
    data: Uint8Array,
    width: number,
    height: number,
    newWidth: number,
    newHeight: number,
    filter: number,
    premultiply: boolean,
    linear: boolean,
  ): Uint8ClampedArray;
}

/** WebAssembly is part of Node, but its types are only in TypeScript's library for browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: object);
    readonly exports: object;
  }
}
