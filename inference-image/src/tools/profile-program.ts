import type { TrialAnswer, TrialQuestion } from '../contract/trial';
import { readConfiguration } from '../host/configuration';
import { messageOf } from '../base/errors';
import { ModelTrial } from './model-trial';

/**
 * Entry point of the process that measures a model for its profile. The caller runs it as a separate process, because a
 * crash of the runtime terminates the process.
 */
const [dimensions = '{}'] = process.argv.slice(2);
const trial = ModelTrial.of(readConfiguration(process.env), JSON.parse(dimensions));
// Not handled here, because the reply to each call reports the failure.
trial.catch(() => undefined);

process.on('message', (question: TrialQuestion) => {
  void answerTo(question).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit());

async function answerTo({ ask, with: values }: TrialQuestion): Promise<TrialAnswer> {
  try {
    const model = await trial;
    const method = model[ask] as (...values: unknown[]) => unknown;
    return { answer: await method.apply(model, values) };
  } catch (error) {
    return { failure: messageOf(error) };
  }
}
