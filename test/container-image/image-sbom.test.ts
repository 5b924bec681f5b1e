import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxModel, type OnnxModelProps } from 'cdktf-model-serving';
import { ROOT } from '../support/root';
import { imageSbom, sbomText } from '../../lib/container-image/image-sbom';
import { type ImagePlatform, serverFiles } from '../../lib/base/server-files';
import { multiplier } from '../support/models';
import { externalInitializer, identity, node, value, writeOnnxModel } from '../support/onnx-builder';
import { temporaryFolder } from '../support/temporary-folder';

const folder = temporaryFolder();
const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
const twice = multiplier(folder, 'twice', 2);

function sbom(file: string, props: OnnxModelProps = {}, platform: ImagePlatform = 'linux/amd64'): any {
  const model = OnnxModel.fromFile(file, { runtimeCheck: 'skip', ...props });
  return imageSbom(model, serverFiles(platform, model));
}

const CARD = {
  title: 'Twice',
  description: 'Doubles.',
  license: 'MIT OR LicenseRef-Own',
  authors: 'Ada',
  vendor: 'Example',
  trainingData: 'none\nat all',
  metrics: { f1: '0.90', accuracy: 1 },
  source: 'https://example.com/twice',
  revision: 'abc',
  documentation: 'https://example.com/docs',
};

test('the smallest document is valid CycloneDX', async () => {
  const content = sbom(twice);
  expect(await validator.validate(sbomText(content))).toBeNull();
  expect(Object.keys(content)).toEqual([
    '$schema',
    'bomFormat',
    'specVersion',
    'serialNumber',
    'version',
    'metadata',
    'components',
    'dependencies',
    'compositions',
  ]);
  expect(content.components[0]).toEqual({
    type: 'machine-learning-model',
    'bom-ref': 'model',
    name: 'twice',
    version: '1',
    hashes: [{ alg: 'SHA-256', content: createHash('sha256').update(readFileSync(twice)).digest('hex') }],
    modelCard: { modelParameters: { inputs: [{ format: 'FP32' }], outputs: [{ format: 'FP32' }] } },
    properties: expect.arrayContaining([
      { name: 'io.model-serving:model.producer', value: 'cdktf-model-serving tests' },
      { name: 'io.model-serving:model.onnx', value: 'IR version 8, opset ai.onnx 17' },
    ]),
  });
  expect(content.compositions).toEqual([{ aggregate: 'incomplete', assemblies: ['image'] }]);
  expect(content.metadata.component.properties).toEqual([
    {
      name: 'io.model-serving:not-covered',
      value: 'the base image: Node.js, the C library and the packages of its distribution',
    },
  ]);
});

test('the largest document is valid CycloneDX, with the card in the right fields', async () => {
  const content = sbom(twice, { card: CARD });
  expect(await validator.validate(sbomText(content))).toBeNull();
  expect(content.components[0]).toMatchObject({
    supplier: { name: 'Example' },
    authors: [{ name: 'Ada' }],
    description: 'Doubles.',
    licenses: [{ expression: 'MIT OR LicenseRef-Own' }],
    externalReferences: [
      { type: 'vcs', url: 'https://example.com/twice', comment: 'revision abc' },
      { type: 'documentation', url: 'https://example.com/docs' },
    ],
    modelCard: {
      modelParameters: {
        datasets: [{ type: 'dataset', name: 'training data', contents: { attachment: { content: 'none\nat all' } } }],
      },
      quantitativeAnalysis: {
        performanceMetrics: [
          { type: 'accuracy', value: '1' },
          { type: 'f1', value: '0.90' },
        ],
      },
    },
  });
});

test('external data: the hashes are those of the files, and a namespace is a group', async () => {
  writeFileSync(join(folder, 'w.bin'), new Uint8Array(8));
  const file = writeOnnxModel(join(folder, 'external.onnx'), {
    inputs: [value('x', 'float', ['n', 2])],
    outputs: [value('y', 'float', ['n', 2])],
    nodes: [node('Add', ['x', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [2], 'w.bin')],
    domain: 'com.example.vision',
  });
  const content = sbom(file);
  expect(await validator.validate(sbomText(content))).toBeNull();
  const [model] = content.components;
  expect(model).not.toHaveProperty('hashes');
  expect(model.group).toBe('com.example.vision');
  expect(model.components.map(({ name }: any) => name)).toEqual(['/model/model.onnx', '/model/w.bin']);
  expect(model.components[1].hashes[0].content).toBe(createHash('sha256').update(new Uint8Array(8)).digest('hex'));
});

test('it contains every file under /app, and every package of the bundles with a version, a licence and a hash', () => {
  const { components } = sbom(twice);
  const files = components.flatMap(({ type, components: nested = [] }: any) =>
    type === 'machine-learning-model' ? [] : nested.map(({ name, hashes }: any) => `${hashes[0].content} ${name}`),
  );
  expect(files.sort()).toEqual(
    serverFiles('linux/amd64', {})
      .map(({ path, sha256 }) => `${sha256} /${path}`)
      .sort(),
  );
  const libraries = components.filter(({ type }: any) => type === 'library');
  const notices = readFileSync(join(ROOT, 'dist/inference-image/THIRD_PARTY_NOTICES.txt'), 'utf8');
  expect(libraries.length).toBeGreaterThan(20);
  for (const { 'bom-ref': ref, name, version, licenses, hashes, purl } of libraries) {
    expect([ref, version, licenses?.length]).toEqual([ref, expect.stringMatching(/^\d/), 1]);
    if (name === 'onnxruntime') continue;
    expect(purl).toBe(`pkg:npm/${ref.replace(/^@/, '%40')}`);
    expect([ref, hashes?.[0].alg]).toEqual([ref, 'SHA-512']);
    expect(notices).toContain(`=== ${ref.replace(/@([^@]*)$/, ' $1')} (`);
  }
});

test('it contains the picture decoders if the image does', () => {
  const flat = writeOnnxModel(join(folder, 'flat.onnx'), identity('float', ['batch', 4]));
  const names = ({ components }: any) =>
    components.map(({ name, group }: any) => [group, name].filter(Boolean).join('/'));
  const decoders = ['@jsquash/jpeg', '@jsquash/png', '@jsquash/resize'];
  const declared = sbom(flat, { picture: { color: 'gray', width: 2, height: 2 } });
  expect(names(declared)).toEqual(expect.arrayContaining(decoders));
  expect(names(sbom(flat)).filter((name: string) => name.includes('jsquash'))).toEqual([]);
  expect(JSON.stringify(declared)).toContain('"/app/picture-decoder/mozjpeg_dec.wasm"');
  return expect(validator.validate(sbomText(declared))).resolves.toBeNull();
});

test('it contains every library that is compiled into WebAssembly, with a version and a licence', () => {
  const flat = writeOnnxModel(join(folder, 'flat-parts.onnx'), identity('float', ['batch', 4]));
  const { components, compositions } = sbom(flat, { picture: { color: 'gray', width: 2, height: 2 } });
  const packages = components.filter(({ group }: any) => group === '@jsquash');
  const decoders = join(ROOT, 'dist/inference-image/picture-decoder');
  const named = readdirSync(decoders)
    .filter((file) => file.endsWith('.wasm'))
    .flatMap((file) => [
      ...readFileSync(join(decoders, file), 'latin1').matchAll(/\/([a-z][\w-]*?)-(\d+\.\d+\.\d+)\/src\//g),
    ])
    .map(([, name, version]) => `pkg:cargo/${name}@${version}`);
  const parts = packages.flatMap((each: any) => each.components);
  expect(new Set(named).size).toBeGreaterThan(7);
  expect(parts.map(({ purl }: any) => purl)).toEqual(
    expect.arrayContaining([...named, 'pkg:github/mozilla/mozjpeg@v3.3.1']),
  );
  for (const { name, version, licenses, evidence } of parts) {
    expect([name, version, licenses]).toEqual([
      name,
      expect.stringMatching(/^\d/),
      [{ expression: expect.any(String) }],
    ]);
    expect(evidence.identity[0].methods).toHaveLength(1);
  }
  const refs = packages.map((each: any) => each['bom-ref']);
  expect(compositions).toEqual([{ aggregate: 'incomplete', assemblies: ['image', ...refs] }]);
  const notices = readFileSync(join(decoders, 'THIRD_PARTY_NOTICES.txt'), 'utf8');
  expect(notices).toContain('This software is based in part on the work of the Independent JPEG Group.');
  for (const { name, version, licenses } of parts.filter((part: any) =>
    /^(MIT|IJG.*)$/.test(part.licenses[0].expression),
  )) {
    expect(notices).toContain(`=== ${name} ${version}, in `);
    expect(licenses[0].expression).not.toBe('');
  }
});

test('it is reproducible, and differs for a different model, card or platform', () => {
  const one = sbom(twice);
  expect(sbomText(sbom(twice))).toBe(sbomText(one));
  expect(sbomText(one)).not.toMatch(/"timestamp"|\d{4}-\d\d-\d\dT/);
  expect(one.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const others = [
    one,
    sbom(multiplier(folder, 'thrice', 3)),
    sbom(twice, { card: { title: 'T' } }),
    sbom(twice, {}, 'linux/arm64'),
  ];
  expect(new Set(others.map(({ serialNumber }) => serialNumber)).size).toBe(4);
});

test('a model cannot use its file name', () => {
  writeFileSync(join(folder, 'sbom.cdx.json'), new Uint8Array(8));
  const file = writeOnnxModel(join(folder, 'reserved.onnx'), {
    ...identity('float', ['n', 2]),
    nodes: [node('Add', ['x', 'w'], ['y'])],
    initializers: [externalInitializer('w', 'float', [2], 'sbom.cdx.json')],
  });
  expect(() => sbom(file)).toThrow(
    `${file}: tensor "w" is stored in "sbom.cdx.json", but the image reserves sbom.cdx.json for its own files. Save the model again with another location, such as "weights.bin". [external-data-location-reserved]`,
  );
});
