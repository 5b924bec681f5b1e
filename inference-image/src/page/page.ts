import { contentSecurityPolicy, html } from '../../page/index.html';
import type { GoldenExample } from '../contract/golden';
import type { ModelManifest } from '../contract/model-manifest';
import type { Page } from '../http/page-routes';
import { pageExamples } from './examples';

/** Content of the page. */
interface PageContent {
  readonly examples: readonly GoldenExample[];
  readonly manifest: ModelManifest;
  readonly settings: { readonly modelFolder: string };
}

export function pageOf({ examples, manifest, settings }: PageContent): Page {
  return {
    html,
    contentSecurityPolicy,
    examples: () => pageExamples(examples, settings.modelFolder, pictureAction(manifest)),
  };
}

/** Last segment of the path to which the page sends pictures. */
function pictureAction({ image: picture, classes }: ModelManifest): 'classify' | 'infer' | undefined {
  if (!picture) return undefined;
  return classes ? 'classify' : 'infer';
}
