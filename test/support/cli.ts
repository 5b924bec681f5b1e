import { join } from 'node:path';

/** Path of the compiled command. */
export const CLI = join(__dirname, '..', '..', 'dist/lib/cli/main.js');
