/**
 * Command-line arguments of Node, used wherever the server runs. In a container with up to 512 MiB of memory, V8
 * reserves only 1 MiB for young objects. The objects of hundreds of concurrent requests do not fit, so V8 copies live
 * objects repeatedly, and a request takes twice the CPU time. 16 MiB is V8's default on larger machines; the memory is
 * used only when needed.
 */
export const NODE_ARGUMENTS: readonly string[] = ['--max-semi-space-size=16'];
