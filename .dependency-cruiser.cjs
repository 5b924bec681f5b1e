/*
 * Rules for imports, checked by `npm run lint`. Type imports count. docs/architecture.md explains the layers.
 */

/** Layers of the library, from the lowest. A file imports only from its own layer and from lower ones. */
const LIBRARY = [
  ['base'],
  ['onnx'],
  ['row-independence'],
  ['profile', 'preprocessing'],
  ['model'],
  ['golden', 'interface'],
  ['onnx-model', 'sizing'],
  ['openapi', 'client'],
  ['terraform'],
  ['container-image', 'rebatch'],
  ['local'],
  ['measuring'],
  ['docker', 'kubernetes', 'report'],
  ['cli'],
];

/** Layers of the server, from the lowest. */
const SERVER = [
  ['contract'],
  ['openapi', 'base'],
  ['tensor', 'sockets'],
  ['threads', 'budget'],
  ['json', 'inference'],
  ['protocol'],
  ['metrics', 'codec'],
  ['pictures'],
  ['http', 'grpc'],
  ['page'],
  ['host'],
  ['entries', 'tools'],
];

/** Folders of the library that create Terraform resources, and so may import cdktf. */
const WITH_CDKTF = '^lib/(terraform|container-image|docker|kubernetes)/';

const SOURCES = '^(?:lib|inference-image)/';
const LAYERED = `^(?:lib/(?:${LIBRARY.flat().join('|')})|inference-image/src/(?:${SERVER.flat().join('|')}))/`;

/** Files in folders that the lists above lack. */
const WITHOUT_LAYER = { path: '^(?:lib|inference-image/src)/', pathNot: [LAYERED, '^lib/index\\.ts$'] };

/** For each layer, forbids imports from the same layer's other folders and from higher layers. */
function layers(root, order) {
  return order.flatMap((folders, i) =>
    folders.map((folder) => {
      const higher = [...folders.filter((other) => other !== folder), ...order.slice(i + 1).flat()];
      return {
        name: `layers: ${root}/${folder}`,
        comment: 'A file imports only from its own folder and from lower layers.',
        severity: 'error',
        from: { path: `^${root}/${folder}/` },
        to: {
          path: `^${root}/(?:${higher.map((other) => `${other}/`).join('|')}${higher.length > 0 ? '|' : ''}[^/]+\\.ts$)`,
        },
      };
    }),
  );
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'No circles, type imports included.',
      severity: 'error',
      from: { path: SOURCES },
      to: { circular: true },
    },
    ...layers('lib', LIBRARY),
    ...layers('inference-image/src', SERVER),
    {
      name: 'known-folders',
      comment: 'Every folder has a layer.',
      severity: 'error',
      from: WITHOUT_LAYER,
      to: {},
    },
    {
      name: 'known-folders, imported',
      comment: 'Every folder has a layer.',
      severity: 'error',
      from: {},
      to: WITHOUT_LAYER,
    },
    {
      name: 'server-knows-no-library',
      comment: 'The container knows nothing of the library.',
      severity: 'error',
      from: { path: '^inference-image/' },
      to: { path: '^lib/' },
    },
    {
      name: 'library-knows-the-contract',
      comment: 'From the server, the library imports only the contract and the OpenAPI generator.',
      severity: 'error',
      from: { path: '^lib/' },
      to: { path: '^inference-image/', pathNot: '^inference-image/src/(?:contract|openapi)/' },
    },
    {
      name: 'cdktf-where-resources-are-made',
      comment: 'Only files that create resources import cdktf, constructs and providers.',
      severity: 'error',
      from: { path: '^(?:lib|inference-image)/', pathNot: WITH_CDKTF },
      to: { path: 'node_modules/(?:cdktf|cdktn|constructs|@cdktf)/' },
    },
    {
      name: 'one-provider-each',
      comment: 'A Docker user never loads Kubernetes.',
      severity: 'error',
      from: { path: '^lib/(?!kubernetes/)' },
      to: { path: 'node_modules/@cdktf/provider-kubernetes/' },
    },
    {
      name: 'no-provider-barrel',
      comment: 'Import providers by subpath: the barrel takes half a second and 180 MB to load.',
      severity: 'error',
      from: {},
      to: { path: 'node_modules/@cdktf/provider-[^/]+/lib/index\\.' },
    },
    {
      name: 'command-line-without-cdktf',
      comment: 'The command line loads no cdktf.',
      severity: 'error',
      from: { path: '^lib/cli/main\\.ts$' },
      to: { path: 'node_modules/(?:cdktf|cdktn|constructs|@cdktf)/', reachable: true },
    },
    {
      name: 'client-imports-nothing',
      comment: 'A generated client is one file: its sources import only each other.',
      severity: 'error',
      from: { path: '^lib/client/runtime/' },
      to: { pathNot: '^lib/client/runtime/' },
    },
    {
      name: 'protobufjs-in-its-bundle',
      comment: "Import values from './libraries': it is a bundle of its own, loaded when gRPC is spoken.",
      severity: 'error',
      from: { path: '^inference-image/src/grpc/', pathNot: 'libraries\\.ts$|\\.d\\.ts$' },
      to: { path: 'node_modules/protobufjs/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-runtime-in-transport',
      comment: 'Transport and protocol never touch the runtime; inference/ does.',
      severity: 'error',
      from: { path: '^inference-image/src/(?:http|grpc|protocol|json)/' },
      to: { path: 'node_modules/onnxruntime-' },
    },
    {
      name: 'not-to-unresolvable',
      comment: 'Every import can be resolved; dist/ may not have been built.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['require', 'node', 'default', 'types'] },
  },
};
