import type { AnswerArea } from './answer-area';
import { outputTable } from './answer-view';
import type { Answer } from './api';
import { compareTensor, verdict } from './comparison';
import type { ExpectedTensor } from './tensor';

/** What is known of an answer before it comes. */
export interface Expectation {
  readonly expected?: readonly ExpectedTensor[];
  /** Why nothing is. */
  readonly note?: string;
}

/** Shows the tensors of an answer. What was expected of them, where that is known, stands beside, and the verdict above. */
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
