import { format } from 'node:util';
import { CommanderError, type Command } from 'commander';
import { modelServing } from '../../lib/cli/program';
import { ModelServingError } from '../../lib/base/errors';

/**
 * Runs `model-serving` with the given arguments in the working directory, and returns its output. The command runs in
 * this process, because starting a process would take most of the test's time. Only synchronous commands are supported.
 */
export function runCli(...args: string[]): { code: number; stdout: string; stderr: string } {
  let [stdout, stderr] = ['', ''];
  const writeOut = (text: string) => (stdout += text);
  const writeErr = (text: string) => (stderr += text);
  const spies = [
    jest.spyOn(console, 'log').mockImplementation((...parts) => void writeOut(`${format(...parts)}\n`)),
    jest.spyOn(console, 'error').mockImplementation((...parts) => void writeErr(`${format(...parts)}\n`)),
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean(writeOut(String(text)))),
  ];
  try {
    const program = modelServing();
    each(program, (command) => command.exitOverride().configureOutput({ writeOut, writeErr }));
    const code = run(program, args);
    return { code, stdout, stderr };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
  }
}

function run(program: Command, args: string[]): number {
  try {
    program.parse(args, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof ModelServingError)) throw error;
    console.error(error.message);
    return 1;
  }
}

function each(command: Command, act: (command: Command) => void): void {
  act(command);
  for (const child of command.commands) each(child, act);
}
