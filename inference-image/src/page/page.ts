import { contentSecurityPolicy, html } from '../../page/index.html';
import type { Configuration } from '../configuration';
import type { Page } from '../http/page-routes';
import { pageExamples } from './examples';

export function pageOf({ examples, settings }: Pick<Configuration, 'examples' | 'settings'>): Page {
  let text: string | undefined;
  return { html, contentSecurityPolicy, examples: () => (text ??= pageExamples(examples, settings.modelFolder)) };
}
