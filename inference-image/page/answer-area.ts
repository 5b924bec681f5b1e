import { byId, element, showText } from './dom';

/** Maximum number of characters of the raw response that the page shows. */
const MOST_RAW = 10_000;

/** Area of the page that shows the result of a run; the ids of its elements begin with the same prefix. */
export class AnswerArea {
  private readonly status: HTMLElement;
  private readonly problem: HTMLElement;
  private readonly latency: HTMLElement;
  private readonly nothingYet: HTMLElement;
  private readonly outputs: HTMLElement;
  private readonly raw: HTMLElement;
  private readonly rawText: HTMLElement;

  constructor(prefix = '') {
    this.status = byId(`${prefix}status`);
    this.problem = byId(`${prefix}problem`);
    this.latency = byId(`${prefix}latency`);
    this.nothingYet = byId(`${prefix}nothing-yet`);
    this.outputs = byId(`${prefix}outputs`);
    this.raw = byId(`${prefix}raw`);
    this.rawText = byId(`${prefix}raw-text`);
  }

  clear(): void {
    this.showStatus('');
    showText(this.problem, undefined);
    this.latency.hidden = true;
    this.raw.hidden = true;
    this.outputs.replaceChildren();
    this.nothingYet.hidden = false;
  }

  /** Clears the area and hides the note that nothing has been run. */
  begin(): void {
    this.clear();
    this.nothingYet.hidden = true;
  }

  showStatus(content: string | Node, className = ''): void {
    this.status.replaceChildren(content);
    this.status.className = `verdict ${className}`;
  }

  showProblem(text: string): void {
    this.showStatus('');
    showText(this.problem, text);
  }

  showOutputs(tables: readonly HTMLElement[], response: string): void {
    this.outputs.replaceChildren(...tables);
    this.raw.hidden = false;
    const more = response.length - MOST_RAW;
    const cut = more > 0 ? ` … (${more.toLocaleString('en')} more characters)` : '';
    this.rawText.textContent = response.slice(0, MOST_RAW) + cut;
  }

  showLatency(milliseconds: readonly number[]): void {
    const sorted = milliseconds.toSorted((a, b) => a - b);
    const figures: [string, number][] = [['Latency', milliseconds.at(-1)!]];
    if (sorted.length > 1) {
      figures[0]![0] = 'Last';
      figures.push([`p50 of ${sorted.length}`, median(sorted)], ['Min', sorted[0]!], ['Max', sorted.at(-1)!]);
    }
    const items = figures.map(([name, value]) =>
      element('div', {}, element('dt', {}, name), element('dd', {}, `${value.toFixed(1)} ms`)),
    );
    this.latency.replaceChildren(...items);
    this.latency.hidden = false;
  }
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
