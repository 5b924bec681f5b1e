/**
 * Suites that `npm test` omits, because they need more than Node or take long. The name of a suite is the name of its
 * folder here, and of its npm script: `npm run test:NAME`. CONTRIBUTING.md describes them; test/docs compares.
 *
 * @typedef Suite
 * @property {number} [timeoutSeconds] Time limit of a test in Jest; undefined if the suite does not use Jest
 * @property {boolean} [isParallel] Whether its files run at the same time, as in `npm test`
 * @property {string} needs What a machine must have
 * @property {boolean} isInCi Whether .ci/run runs it
 */

const ENGINE = 'root, and a Docker engine on this machine with the base image';

/** @type {Record<string, Suite>} */
module.exports = {
  server: { timeoutSeconds: 60, isParallel: true, needs: 'Node', isInCi: true },
  'command-line': { timeoutSeconds: 60, isParallel: true, needs: 'Node', isInCi: true },
  page: { timeoutSeconds: 60, needs: '`/usr/bin/chromium`, or a different path in `CHROMIUM`', isInCi: true },
  robustness: { timeoutSeconds: 120, needs: 'Node', isInCi: true },
  package: { needs: 'npm', isInCi: true },
  image: { timeoutSeconds: 300, needs: 'a Docker engine with BuildKit and `node:24-bookworm-slim`', isInCi: true },
  hostile: { needs: ENGINE, isInCi: true },
  interop: { needs: 'Python 3 and PyPI', isInCi: true },
  convert: { timeoutSeconds: 120, needs: 'Python 3 and PyPI; `TORCH=install` installs PyTorch', isInCi: true },
  zoo: {
    needs: 'Python 3 and PyPI; `TORCH=install` and `TENSORFLOW=install` install those frameworks',
    isInCi: true,
  },
  backend: { needs: 'Python 3 and PyPI, or a Python in `BACKEND_PYTHON`', isInCi: false },
  sizing: { needs: `the zoo's models (\`npm run test:zoo -- --all\`), ${ENGINE}`, isInCi: false },
  e2e: {
    timeoutSeconds: 600,
    needs: 'what `test:image` needs, `terraform` or `tofu`, the providers, a cluster',
    isInCi: false,
  },
};
