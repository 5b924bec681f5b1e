const { execFileSync } = require('node:child_process');
const { join } = require('node:path');

/** Tests run the very bundles that an image gets. */
module.exports = function buildServer() {
  const root = join(__dirname, '..', '..');
  execFileSync(process.execPath, ['esbuild.config.mjs'], { cwd: root, stdio: 'inherit' });
};
