/** Variables of every process that loads the runtime. */
export const RUNTIME_ENVIRONMENT = {
  /**
   * By default, onnxruntime 1.30 on Linux and macOS sends usage to Microsoft, and keeps a device id and a
   * cache of it in the user's home.
   *
   * @see https://github.com/microsoft/onnxruntime/pull/27379
   */
  ORT_DISABLE_TELEMETRY: '1',
  /**
   * Blocks from 4 MiB on are given back to the system when they are freed. By default glibc raises this size up to 32 MiB
   * as such blocks are freed: then large bodies of all sizes leave a heap full of holes, of hundreds of MiB, that no
   * budget counts.
   *
   * @see https://man7.org/linux/man-pages/man3/mallopt.3.html
   */
  MALLOC_MMAP_THRESHOLD_: '4194304',
} as const;
