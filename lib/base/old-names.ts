import type { Problem } from './errors';

/** Errors for names that an earlier version used. */
export const oldNameErrors = {
  /** @param path - path of the model as the user gave it */
  prop: (path: string, prop: string, name: string): Problem => ({
    code: 'old-name',
    message: `${path}: the prop ${prop} is now called ${name}. Rename it; its value does not change.`,
  }),

  /** @param args - arguments, quoted for a shell */
  command: (command: string, name: string, args: readonly string[]): Problem => ({
    code: 'old-name',
    message: `model-serving ${command} is now called model-serving ${name}. Run: ${['model-serving', name, ...args].join(' ')}`,
  }),

  option: (option: string, name: string): Problem => ({
    code: 'old-name',
    message: `The option ${option} is now called ${name}. Use ${name}.`,
  }),
};
