import js from '@eslint/js';
import { globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const PROVIDERS = ['@cdktf/provider-docker', '@cdktf/provider-kubernetes'];

/** Enforces the architecture by forbidding imports. */
function restrict(...patterns) {
  const paths = PROVIDERS.map((name) => ({
    name,
    message: 'Import providers by subpath: the barrel takes half a second and 180 MB to load.',
  }));
  return { 'no-restricted-imports': ['error', { paths, patterns }] };
}

const NO_RUNTIME = {
  group: ['onnxruntime-node', 'onnxruntime-common'],
  message: 'Transport and protocol never touch the runtime; inference/ does.',
};

const NODE_GLOBALS = {
  Buffer: 'readonly',
  console: 'readonly',
  process: 'readonly',
  module: 'writable',
  require: 'readonly',
  __dirname: 'readonly',
};

export default tseslint.config(
  globalIgnores(['dist/', 'coverage/', '**/cdktf.out/', '**/node_modules/']),
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { rules: { '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }], ...restrict() } },
  // Tests read synthesized JSON and replies, which have no types.
  { files: ['test/**', 'examples/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  {
    files: ['lib/**'],
    rules: {
      // A lazy require keeps synth fast.
      '@typescript-eslint/no-require-imports': 'off',
      ...restrict({
        regex: 'inference-image/src/(?!contract/)',
        message: 'The library knows the contract with the container, and nothing else of it.',
      }),
    },
  },
  {
    files: ['lib/client/runtime/**'],
    rules: restrict({ regex: '^(?!\\./)', message: 'A generated client is one file: it imports nothing.' }),
  },
  {
    files: ['inference-image/src/**'],
    rules: restrict({ regex: '^\\.{1,2}/(.*/)?lib/', message: 'The container knows nothing of the library.' }),
  },
  {
    files: ['inference-image/src/{http,grpc,protocol}/**'],
    rules: restrict(NO_RUNTIME),
  },
  {
    files: ['inference-image/src/grpc/**'],
    ignores: ['inference-image/src/grpc/libraries.ts'],
    rules: {
      'no-restricted-imports': 'off',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            NO_RUNTIME,
            {
              group: ['protobufjs', 'protobufjs/*'],
              allowTypeImports: true,
              message: "Import values from './libraries': it is a bundle of its own, loaded when gRPC is spoken.",
            },
          ],
        },
      ],
    },
  },
);
