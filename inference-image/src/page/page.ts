import { contentSecurityPolicy, html } from '../../page/index.html';
import type { Configuration } from '../host/configuration';
import type { Page } from '../http/page-routes';
import { pageExamples } from './examples';

export function pageOf({ examples, manifest, settings }: Configuration): Page {
  return {
    html,
    contentSecurityPolicy,
    examples: () => pageExamples(examples, settings.modelFolder, pictureAction(manifest)),
  };
}

/** Last segment of the path to which the page sends pictures. */
function pictureAction({ image: picture, classes }: Configuration['manifest']): 'classify' | 'infer' | undefined {
  if (!picture) return undefined;
  return classes ? 'classify' : 'infer';
}
