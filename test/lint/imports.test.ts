import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from '../support/root';
import { temporaryFolder } from '../support/temporary-folder';

const CONFIG = join(ROOT, '.dependency-cruiser.cjs');
const CRUISER = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** Files without imports, for the files of the cases to import. */
const TARGETS = [
  'lib/base/target.ts',
  'lib/cli/target.ts',
  'lib/kubernetes/target.ts',
  'lib/unknown/target.ts',
  'lib/index.ts',
  'inference-image/src/contract/target.ts',
  'inference-image/src/base/target.ts',
  'inference-image/src/http/target.ts',
];

/** A file with one forbidden import, and the rule that refuses it. */
const REFUSED: readonly [what: string, file: string, source: string, rule: string][] = [
  ['a higher layer of lib', 'lib/base/a.ts', "import '../cli/target';", 'layers: lib/base'],
  ['a higher layer of lib, by type', 'lib/onnx/a.ts', "import type * as x from '../cli/target';", 'layers: lib/onnx'],
  [
    'a higher layer of lib, lazily',
    'lib/sizing/a.ts',
    "const x = () => require('../cli/target');",
    'layers: lib/sizing',
  ],
  ['a folder of the same layer', 'lib/docker/a.ts', "import '../kubernetes/target';", 'layers: lib/docker'],
  ['the exports of lib', 'lib/docker/b.ts', "import '../index';", 'layers: lib/docker'],
  [
    'a higher layer of the server',
    'inference-image/src/tensor/a.ts',
    "import '../http/target';",
    'layers: inference-image/src/tensor',
  ],
  ['a circle by type', 'lib/onnx/c.ts', "import type { D } from './d'; export interface C { d: D }", 'no-circular'],
  ['cdktf in a low layer', 'lib/sizing/b.ts', "import { Token } from 'cdktf';", 'cdktf-where-resources-are-made'],
  ['constructs, by type', 'lib/sizing/c.ts', "import type * as x from 'constructs';", 'cdktf-where-resources-are-made'],
  [
    'cdktf that the command line reaches',
    'lib/cli/main.ts',
    "import '../container-image/with-cdktf';",
    'command-line-without-cdktf',
  ],
  ['a barrel of a provider', 'lib/docker/c.ts', "import * as x from '@cdktf/provider-docker';", 'no-provider-barrel'],
  ['a barrel, in a test', 'test/a.test.ts', "import * as x from '@cdktf/provider-docker';", 'no-provider-barrel'],
  [
    'Kubernetes from docker',
    'lib/docker/d.ts',
    "import * as x from '@cdktf/provider-kubernetes/lib/namespace';",
    'one-provider-each',
  ],
  [
    'a folder of the server other than the contract',
    'lib/local/a.ts',
    "import '../../inference-image/src/base/target';",
    'library-knows-the-contract',
  ],
  [
    'the library from the server',
    'inference-image/src/http/a.ts',
    "import '../../../lib/base/target';",
    'server-knows-no-library',
  ],
  [
    'the runtime in transport',
    'inference-image/src/http/b.ts',
    "import type { Tensor } from 'onnxruntime-common';",
    'no-runtime-in-transport',
  ],
  [
    'values of protobufjs outside its bundle',
    'inference-image/src/grpc/a.ts',
    "import { Root } from 'protobufjs/light';",
    'protobufjs-in-its-bundle',
  ],
  ['an unknown folder of lib', 'lib/helpers/a.ts', "import '../base/target';", 'known-folders'],
  ['an unknown folder of the server', 'inference-image/src/helpers/a.ts', "import 'node:fs';", 'known-folders'],
  ['a file outside the folders of lib', 'lib/helpers.ts', "import './base/target';", 'known-folders'],
  ['a file of an unknown folder', 'lib/cli/a.ts', "import '../unknown/target';", 'known-folders, imported'],
  ['an import of a generated client', 'lib/client/runtime/a.ts', "import 'node:fs';", 'client-imports-nothing'],
  ['a file that does not exist', 'lib/cli/b.ts', "import './missing';", 'not-to-unresolvable'],
];

/** Files that the cases need, and files whose imports are all allowed. */
const ALLOWED: readonly [file: string, source: string][] = [
  ['lib/onnx/d.ts', "import type { C } from './c'; export interface D { c?: C }"],
  ['lib/container-image/with-cdktf.ts', "import { Token } from 'cdktf'; export const x = Token;"],
  [
    'lib/docker/fine.ts',
    "import { Image } from '@cdktf/provider-docker/lib/image'; import '../base/target'; export const x = Image;",
  ],
  [
    'lib/kubernetes/fine.ts',
    "import { Namespace } from '@cdktf/provider-kubernetes/lib/namespace'; import './target'; export const x = Namespace;",
  ],
  ['lib/local/fine.ts', "import '../../inference-image/src/contract/target'; import '../base/target';"],
  ['inference-image/src/http/fine.ts', "import '../contract/target'; import '../base/target'; import './target';"],
  ['inference-image/src/grpc/fine.ts', "import type { Root } from 'protobufjs/light'; export type R = Root;"],
  ['inference-image/src/grpc/libraries.ts', "export { Root } from 'protobufjs/light';"],
  ['inference-image/src/inference/fine.ts', "import { Tensor } from 'onnxruntime-common'; export const x = Tensor;"],
  ['lib/client/runtime/fine.ts', "import './a';"],
];

const folder = temporaryFolder();
let violations: Array<{ from: string; rule: { name: string } }>;

const rulesBroken = (file: string) => [
  ...new Set(violations.filter(({ from }) => from === file).map((v) => v.rule.name)),
];

beforeAll(() => {
  const files = [
    ...TARGETS.map((file) => [file, 'export {};'] as const),
    ...REFUSED.map(([, file, source]) => [file, source] as const),
    ...ALLOWED,
  ];
  for (const [file, source] of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), `${source}\n`);
  }
  copyFileSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const args = [CRUISER, 'lib', 'inference-image', 'test', '--config', CONFIG, '--output-type', 'json'];
  const { stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
  violations = JSON.parse(stdout).summary.violations;
});

test.each(REFUSED)('refuses %s', (_, file, __, rule) => {
  expect(rulesBroken(file)).toEqual([rule]);
});

test.each(ALLOWED.filter(([file]) => file !== 'lib/onnx/d.ts'))('allows the imports of %s', (file) => {
  expect(rulesBroken(file)).toEqual([]);
});

test('every rule has a case above', () => {
  const { forbidden } = jest.requireActual<{ forbidden: { name: string }[] }>(CONFIG);
  const cases = new Set(REFUSED.map(([, , , rule]) => rule));
  // The layers of each folder are one rule; the cases contain some of them.
  const others = forbidden.map(({ name }) => name).filter((name) => !name.startsWith('layers: '));
  expect(others.filter((name) => !cases.has(name))).toEqual([]);
});
