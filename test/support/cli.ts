import { join } from 'node:path';
import { ROOT } from './root';

/** Path of the compiled command. */
export const CLI = join(ROOT, 'dist/lib/cli/main.js');
