import type { AnswerArea } from './answer-area';
import { outputTable } from './answer-view';
import type { Answer } from './api';
import { compareTensor, verdict } from './comparison';
import type { ExpectedTensor } from './tensor';

/** Expected outputs of an answer, or the reason why there are none. */
export interface Expectation {
  readonly expected?: readonly ExpectedTensor[];
  /** Reason why no outputs are expected. */
  readonly note?: string;
}

/** Shows a verdict and, below it, the tensors of an answer beside the expected values if they are known. */
export function showTensors(area: AnswerArea, { outputs, text }: Answer, { expected, note }: Expectation = {}): void {
  const comparisons = expected?.map((tensor) =>
    compareTensor(
      outputs.find(({ name }) => name === tensor.name),
      tensor,
    ),
  );
  if (comparisons) {
    const { isGood, text: sentence } = verdict(comparisons);
    area.showStatus(sentence, isGood ? 'good' : 'bad');
  } else {
    area.showStatus(note ? `Answered. ${note}.` : 'Answered.');
  }
  const tables = outputs.map((output) =>
    outputTable(
      output,
      comparisons?.find(({ tensor }) => tensor.name === output.name),
    ),
  );
  area.showOutputs(tables, text);
}
