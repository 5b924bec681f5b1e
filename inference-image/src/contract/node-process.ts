/**
 * Command-line arguments of Node, used wherever the server runs. In a container with up to 512 MiB of memory, V8
 * reserves only 1 MiB for young objects. The objects of hundreds of concurrent requests do not fit, so V8 copies live
 * objects repeatedly, and a request takes twice the CPU time. 16 MiB is V8's default on larger machines; the memory is
 * used only when needed.
 */
export const NODE_ARGUMENTS: readonly string[] = ['--max-semi-space-size=16'];

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

/** Prefix that marks a process's report, because modules loaded by NODE_OPTIONS may print other lines. */
export const REPORT_PREFIX = 'model-serving report: ';
