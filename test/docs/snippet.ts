import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Snippet {
  /** Position of the first line, such as `docs/docker.md:5`. */
  readonly place: string;
  readonly code: string;
}

/** Page about a generated client, not about stacks; test/client compiles its code. */
const CLIENT_PAGE = join('docs', 'client.md');

/** Reads the TypeScript of all pages about stacks. */
export function snippets(root: string): Snippet[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join('docs', file))
    .filter((page) => page !== CLIENT_PAGE);
  return ['README.md', ...pages].flatMap((page) => snippetsOf(page, readFileSync(join(root, page), 'utf8')));
}

function snippetsOf(page: string, text: string): Snippet[] {
  return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length + 1}`,
    code: code as string,
  }));
}

/** Names that fragments use without importing them, by module. */
const MODULES: Record<string, readonly string[]> = {
  cdktf: ['App', 'TerraformStack'],
  'cdktf-model-serving': ['OnnxModel'],
  'cdktf-model-serving/docker': ['ContainerizedModel', 'InferenceImage'],
  'cdktf-model-serving/kubernetes': ['Peers', 'ScalableModelService', 'ScalingTarget', 'InferenceDashboard'],
  '@cdktf/provider-docker/lib/provider': ['DockerProvider'],
  '@cdktf/provider-kubernetes/lib/ingress-v1': ['IngressV1'],
};

/** Declarations of names that pages introduce before a fragment. */
const KNOWN = `
declare const app: App;
declare const model: OnnxModel, candidate: OnnxModel;
declare const digits: ScalableModelService;
declare class ImageStack extends TerraformStack { readonly image: InferenceImage }
declare class ServiceStack extends TerraformStack { constructor(app: App, id: string, image: InferenceImage) }
`;

/** Turns a snippet into a complete program. A fragment becomes the body of a stack's constructor. */
export function program({ code }: Snippet): string {
  const isWhole = /^app\.synth\(\);$/m.test(code);
  if (isWhole) return code;
  const imports = code.match(/^import .*;$/gm) ?? [];
  const rest = code.replace(/^import .*;$/gm, '');
  const given = imports.join('\n');
  const missing = Object.entries(MODULES).map(([module, names]) => {
    const used = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(given));
    return used.length > 0 ? `import { ${used.join(', ')} } from '${module}';` : '';
  });
  return `${[...imports, ...missing].join('\n')}
${KNOWN}
export class Page extends TerraformStack {
  constructor(scope: App, id: string) {
    super(scope, id);
    {
${rest}
    }
  }
}
`;
}
