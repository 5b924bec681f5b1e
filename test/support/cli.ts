import { join } from 'node:path';

/** The command's file, for Node. */
export const CLI = join(__dirname, '..', '..', 'dist/lib/cli/main.js');
