import js from '@eslint/js';
import { globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NODE_GLOBALS = {
  Buffer: 'readonly',
  console: 'readonly',
  process: 'readonly',
  module: 'writable',
  require: 'readonly',
  __dirname: 'readonly',
};

/* .dependency-cruiser.cjs has the rules for imports. */
export default tseslint.config(
  globalIgnores(['dist/', 'coverage/', '**/cdktf.out/', '**/node_modules/']),
  js.configs.recommended,
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: { globals: NODE_GLOBALS },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { rules: { '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }] } },
  // Tests read synthesized JSON and replies, which have no types.
  { files: ['test/**', 'examples/**'], rules: { '@typescript-eslint/no-explicit-any': 'off' } },
  // A lazy require keeps synth fast.
  { files: ['lib/**'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
