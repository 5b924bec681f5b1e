import { AnswerArea } from './answer-area';
import {
  actionPath,
  actionUrl,
  type Answer,
  type Example,
  examples,
  infer,
  modelMetadata,
  type ModelMetadata,
  type ModelState,
  modelState,
} from './api';
import { type Expectation, showTensors } from './compared-answer';
import { addCopyButton, curlCommand } from './curl';
import { byId, element, showText } from './dom';
import { parseJson, readableJson } from './exact-json';
import { showModel, showState } from './model-view';
import { showPictureSection } from './picture-section';
import { type Outcome, Trial } from './trial';
import { zeros } from './zeros';

const POLL_MS = 2000;

interface Choice extends Expectation {
  readonly name: string;
  readonly text: string;
}

const editor = byId<HTMLTextAreaElement>('request');
const curl = byId<HTMLTextAreaElement>('curl');
let model = '';
let choice: Choice = { name: '', text: '' };
const area = new AnswerArea();
const trial = new Trial('', area, prepare, onProblem);
let isLoaded = false;
let poll: ReturnType<typeof setTimeout> | undefined;

/** Shows the state until the server is ready, and the model as soon as the server describes it. */
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
    if (!isLoaded) showText(byId('load-problem'), `${message} This page retries every two seconds.`);
  }
  // Another call of this function may have started a timer.
  clearTimeout(poll);
  if (!isReady) poll = setTimeout(() => void follow(), POLL_MS);
}

async function load(state: ModelState): Promise<void> {
  const { name } = state;
  const [metadata, { examples: golden, pictures }] = await Promise.all([modelMetadata(name), examples()]);
  model = name;
  isLoaded = true;
  showText(byId('load-problem'), undefined);
  showModel(state, metadata);
  byId('path').textContent = `POST ${actionPath(model, 'infer')}`;
  showChoices(choicesOf(golden, metadata), golden);
  if (pictures) showPictureSection(model, pictures, golden, onProblem);
}

/**
 * Updates the state after a failed request, because the server's state may have changed. Until the model is loaded,
 * polling updates the state anyway.
 */
function onProblem(): void {
  if (isLoaded) void follow();
}

function choicesOf(golden: readonly Example[], { inputs }: ModelMetadata): Choice[] {
  const made = zeros(inputs);
  const choices: Choice[] = golden
    .filter(({ request }) => request !== undefined)
    .map(({ name, request, expected, omitted }) => ({ name, text: readableJson(request), expected, note: omitted }));
  if (made !== undefined) choices.push({ name: 'zeros that fit the signature', text: readableJson(made) });
  return choices.length > 0 ? choices : [{ name: 'nothing', text: '' }];
}

function showChoices(choices: readonly Choice[], golden: readonly Example[]): void {
  const labels = choices.map((one) => {
    const input = element('input', { type: 'radio', name: 'choice' });
    input.addEventListener('change', () => choose(one));
    return element('label', {}, input, one.name);
  });
  byId('choices').replaceChildren(...labels);
  const omitted = golden.filter(({ request, picture }) => request === undefined && !picture);
  const notes = omitted.map(({ name, omitted: why }) => `Golden example “${name}” is not shown: ${why}.`);
  showText(byId('omitted'), notes.join(' '));
  labels[0]!.querySelector('input')!.checked = true;
  choose(choices[0]!);
}

function choose(chosen: Choice): void {
  choice = chosen;
  editor.value = chosen.text;
  onEdit();
  trial.reset();
}

function onEdit(): void {
  byId('restore').hidden = editor.value === choice.text;
  curl.value = curlCommand(actionUrl(model, 'infer'), editor.value) ?? 'The request is not valid JSON.';
  byId('copied').textContent = '';
}

/** Checks the content of the editor and returns a function that sends it. */
function prepare(): () => Promise<Outcome> {
  const sent = editor.value;
  checkJson(sent);
  return async () => {
    const answer = await infer(model, sent);
    return { ...answer, show: () => showAnswer(answer, sent) };
  };
}

/** Throws if the text is not valid JSON. The server would report this as well, but without the position. */
function checkJson(text: string): void {
  try {
    parseJson(text);
  } catch (error) {
    throw new Error(`Not sent, because the request is not valid JSON: ${(error as Error).message}`, { cause: error });
  }
}

function showAnswer(answer: Answer, sent: string): void {
  const isChanged = choice.expected !== undefined && sent !== choice.text;
  const note = 'The request was changed, so there is no expected answer to compare with';
  showTensors(area, answer, isChanged ? { note } : choice);
}

editor.addEventListener('input', onEdit);
byId('restore').addEventListener('click', () => {
  choose(choice);
  editor.focus();
});
addCopyButton();
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
  // The shortcut sends the request in the editor. It is ignored in the picture section, because the editor may not be
  // visible from there.
  if (byId('picture').contains(event.target as Node)) return;
  event.preventDefault();
  void trial.run();
});
void follow();
