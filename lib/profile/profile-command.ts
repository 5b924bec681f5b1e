import { shellWord } from '../base/shell-word';

/** The command that measures a model; used in messages. */
export function profileCommand(modelPath: string): string {
  return `model-serving profile ${shellWord(modelPath)}`;
}
