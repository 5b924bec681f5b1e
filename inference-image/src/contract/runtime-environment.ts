/** Environment variables of every process that loads the runtime. */
export const RUNTIME_ENVIRONMENT = {
  /**
   * Disables telemetry. By default, onnxruntime 1.30 on Linux and macOS sends usage data to Microsoft, and stores a
   * device id and a cache in the user's home.
   *
   * @see https://github.com/microsoft/onnxruntime/pull/27379
   */
  ORT_DISABLE_TELEMETRY: '1',
  /**
   * Makes glibc return blocks of 4 MiB or more to the system when they are freed. By default, glibc raises this
   * threshold to up to 32 MiB whenever a larger block is freed; large bodies of different sizes then fragment the heap
   * by hundreds of MiB, which no budget counts.
   *
   * @see https://man7.org/linux/man-pages/man3/mallopt.3.html
   */
  MALLOC_MMAP_THRESHOLD_: '4194304',
} as const;
