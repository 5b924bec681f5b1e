import type { ModelMetadata, ModelState } from './api';
import { byId, element, showText } from './dom';
import type { TensorMetadata } from './tensor';

export function showState({ state, reason }: Pick<ModelState, 'state' | 'reason'>): void {
  const at = byId('state');
  const isReady = state === 'READY';
  at.className = `state ${isReady ? 'ready' : 'unavailable'}`;
  showText(at, reason ? `${state.toLowerCase()}: ${reason}` : state.toLowerCase());
}

export function showModel(
  { name, version }: ModelState,
  { platform, inputs, outputs, properties }: ModelMetadata,
): void {
  document.title = `${name} ${version}`;
  byId('name').textContent = name;
  byId('facts').textContent = `version ${version} · ${platform}`;
  byId('signature').replaceChildren(signatureTable(inputs, outputs));
  showCard(properties);
}

function signatureTable(inputs: readonly TensorMetadata[], outputs: readonly TensorMetadata[]): HTMLElement {
  const head = ['Tensor', 'Name', 'Datatype', 'Shape'].map((text) => element('th', { scope: 'col' }, text));
  const rowsOf = (kind: string, tensors: readonly TensorMetadata[]) =>
    tensors.map(({ name, datatype, shape }) =>
      element(
        'tr',
        {},
        element('th', { scope: 'row' }, kind),
        element('td', {}, name),
        element('td', {}, datatype),
        element('td', {}, shapeText(shape)),
      ),
    );
  return element(
    'div',
    {},
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rowsOf('input', inputs), ...rowsOf('output', outputs)),
    ),
    ...([...inputs, ...outputs].some(({ shape }) => shape.includes(-1))
      ? [element('p', { className: 'note' }, '-1: any size')]
      : []),
  );
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? '[] (a scalar)' : `[${shape.join(', ')}]`;
}

function showCard(properties: ModelMetadata['properties']): void {
  const entries = Object.entries(properties ?? {});
  byId('card').hidden = entries.length === 0;
  const items = entries.flatMap(([key, value]) => [
    element('dt', {}, key),
    element('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
  byId('properties').replaceChildren(...items);
}
