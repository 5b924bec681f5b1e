import { outputTable } from './answer-view';
import { type Answer, type Example, examples, infer, inferPath } from './api';
import { modelMetadata, type ModelMetadata, type ModelState, modelState } from './api';
import { compareTensor, verdict } from './comparison';
import { copyText, curlCommand } from './curl';
import { byId, element, showText } from './dom';
import { parseJson, readableJson } from './exact-json';
import { showModel, showState } from './model-view';
import type { ExpectedTensor } from './tensor';
import { zeros } from './zeros';

const RUNS = 20;
const POLL_MS = 2000;
/** Characters of a response that are shown as they came. */
const MOST_RAW = 10_000;

interface Choice {
  readonly name: string;
  readonly text: string;
  readonly expected?: readonly ExpectedTensor[];
  readonly note?: string;
}

const editor = byId<HTMLTextAreaElement>('request');
const curl = byId<HTMLTextAreaElement>('curl');
let model = '';
let choice: Choice = { name: '', text: '' };
let isBusy = false;
let isLoaded = false;
let poll: ReturnType<typeof setTimeout> | undefined;

/** Shows the state until it is ready, and the model as soon as the server tells of it. */
async function follow(): Promise<void> {
  clearTimeout(poll);
  let isReady = false;
  try {
    const state = await modelState();
    if (!isLoaded) await load(state);
    showState(state);
    isReady = state.state === 'READY';
  } catch (error) {
    const { message } = error as Error;
    showState({ state: 'UNREACHABLE', reason: isLoaded ? message : '' });
    if (!isLoaded) showText(byId('load-problem'), `${message} This page asks again every two seconds.`);
  }
  // Another may have asked meanwhile.
  clearTimeout(poll);
  if (!isReady) poll = setTimeout(() => void follow(), POLL_MS);
}

async function load(state: ModelState): Promise<void> {
  const { name } = state;
  const [metadata, golden] = await Promise.all([modelMetadata(name), examples()]);
  model = name;
  isLoaded = true;
  showText(byId('load-problem'), undefined);
  showModel(state, metadata);
  byId('path').textContent = `POST ${inferPath(model)}`;
  showChoices(choicesOf(golden, metadata), golden);
}

function choicesOf(golden: readonly Example[], { inputs }: ModelMetadata): Choice[] {
  const made = zeros(inputs);
  const choices: Choice[] = golden
    .filter(({ request }) => request !== undefined)
    .map(({ name, request, expected, omitted }) => ({ name, text: readableJson(request), expected, note: omitted }));
  if (made !== undefined) choices.push({ name: 'zeros, by the signature', text: readableJson(made) });
  return choices.length > 0 ? choices : [{ name: 'nothing', text: '' }];
}

function showChoices(choices: readonly Choice[], golden: readonly Example[]): void {
  const labels = choices.map((one) => {
    const input = element('input', { type: 'radio', name: 'choice' });
    input.addEventListener('change', () => choose(one));
    return element('label', {}, input, one.name);
  });
  byId('choices').replaceChildren(...labels);
  const omitted = golden.filter(({ request }) => request === undefined);
  const notes = omitted.map(({ name, omitted: why }) => `Golden example “${name}” is not here: ${why}.`);
  showText(byId('omitted'), notes.join(' '));
  labels[0]!.querySelector('input')!.checked = true;
  choose(choices[0]!);
}

function choose(chosen: Choice): void {
  choice = chosen;
  editor.value = chosen.text;
  onEdit();
  clearAnswer();
}

function onEdit(): void {
  byId('restore').hidden = editor.value === choice.text;
  curl.value = curlCommand(model, editor.value) ?? 'The request is not valid JSON.';
  byId('copied').textContent = '';
}

function clearAnswer(): void {
  showStatus('');
  showText(byId('problem'), undefined);
  byId('latency').hidden = true;
  byId('raw').hidden = true;
  byId('outputs').replaceChildren();
  byId('nothing-yet').hidden = false;
}

function showStatus(text: string, className = ''): void {
  const status = byId('status');
  status.textContent = text;
  status.className = `verdict ${className}`;
}

async function run(times: number): Promise<void> {
  if (isBusy) return;
  // What is in the editor may be changed meanwhile.
  const [sent, from] = [editor.value, choice];
  setBusy(true);
  clearAnswer();
  byId('nothing-yet').hidden = true;
  try {
    checkJson(sent);
    const answers: Answer[] = [];
    for (let i = 1; i <= times; i++) {
      if (times > 1) showStatus(`Run ${i} of ${times} …`);
      answers.push(await infer(model, sent));
      if (choice !== from) return;
    }
    showAnswer(answers.at(-1)!, sent);
    showLatency(answers.map(({ milliseconds }) => milliseconds));
  } catch (error) {
    if (choice !== from) return;
    showStatus('');
    showText(byId('problem'), (error as Error).message);
    // What is not loaded is asked for as it is.
    if (isLoaded) void follow();
  } finally {
    setBusy(false);
  }
}

/** Disabled buttons would lose the focus. */
function setBusy(busy: boolean): void {
  isBusy = busy;
  for (const id of ['run', 'run-many']) byId(id).setAttribute('aria-disabled', String(busy));
}

/** The server would say so as well, but not where. */
function checkJson(text: string): void {
  try {
    parseJson(text);
  } catch (error) {
    throw new Error(`Not sent, since the request is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

function showAnswer({ outputs, text }: Answer, sent: string): void {
  const expected = sent === choice.text ? choice.expected : undefined;
  const comparisons = expected?.map((tensor) =>
    compareTensor(
      outputs.find(({ name }) => name === tensor.name),
      tensor,
    ),
  );
  if (comparisons) {
    const { isGood, text: sentence } = verdict(comparisons);
    showStatus(sentence, isGood ? 'good' : 'bad');
  } else if (choice.expected) {
    showStatus('Answered. The request was changed, so there is nothing to compare with.');
  } else {
    showStatus(choice.note ? `Answered. ${choice.note}.` : 'Answered.');
  }
  const tables = outputs.map((output) =>
    outputTable(
      output,
      comparisons?.find(({ tensor }) => tensor.name === output.name),
    ),
  );
  byId('outputs').replaceChildren(...tables);
  byId('raw').hidden = false;
  const cut = text.length > MOST_RAW ? ` … (${(text.length - MOST_RAW).toLocaleString('en')} more characters)` : '';
  byId('raw-text').textContent = text.slice(0, MOST_RAW) + cut;
}

function showLatency(milliseconds: readonly number[]): void {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const figures: [string, number][] = [['Latency', milliseconds.at(-1)!]];
  if (sorted.length > 1) {
    figures[0]![0] = 'Last';
    figures.push([`p50 of ${sorted.length}`, median(sorted)], ['Min', sorted[0]!], ['Max', sorted.at(-1)!]);
  }
  const items = figures.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, `${value.toFixed(1)} ms`)),
  );
  byId('latency').replaceChildren(...items);
  byId('latency').hidden = false;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

editor.addEventListener('input', onEdit);
byId('restore').addEventListener('click', () => {
  choose(choice);
  editor.focus();
});
byId('run').addEventListener('click', () => void run(1));
byId('run-many').addEventListener('click', () => void run(RUNS));
byId('copy').addEventListener('click', () => {
  void copyText(curl).then((isCopied) => {
    byId('copied').textContent = isCopied ? 'Copied.' : 'Press Ctrl+C to copy.';
  });
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  void run(1);
});
void follow();
