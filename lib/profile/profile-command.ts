import { shellWord } from '../shell-word';

/** The command that measures a model, for messages. */
export function profileCommand(modelPath: string): string {
  return `model-serving profile ${shellWord(modelPath)}`;
}
