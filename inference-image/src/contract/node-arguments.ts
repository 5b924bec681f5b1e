/**
 * What Node is started with in the image, and so wherever the server runs.
 *
 * In a container of up to 512 MiB, V8 gives young objects 1 MiB. Hundreds of requests at once do not fit: what is alive
 * is copied again and again, and a request takes twice the CPU time. So many MiB are what V8 has on a larger machine;
 * they are taken only when they are needed.
 */
export const NODE_ARGUMENTS: readonly string[] = ['--max-semi-space-size=16'];
