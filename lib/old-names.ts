import type { Problem } from './errors';

/** What had another name in an earlier version. */
export const oldNameErrors = {
  /** @param path - of the model, as the user gave it */
  prop: (path: string, prop: string, name: string): Problem => ({
    code: 'old-name',
    message: `${path}: the prop ${prop} is called ${name} now. Rename it to ${name}; its value stays.`,
  }),

  /** @param args - what to give it, for a shell */
  command: (command: string, name: string, args: readonly string[]): Problem => ({
    code: 'old-name',
    message: `model-serving ${command} is called model-serving ${name} now. Run: ${['model-serving', name, ...args].join(' ')}`,
  }),

  option: (option: string, name: string): Problem => ({
    code: 'old-name',
    message: `The option ${option} is called ${name} now. Give ${name}.`,
  }),
};
