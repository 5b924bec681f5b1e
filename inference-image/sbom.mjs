// Writes the CycloneDX bill of materials of the server. At synth, the model and the hashes of the files are added.
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';
import parseLicense from 'spdx-expression-parse';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const licenses = new Contrib.License.Factories.LicenseFactory(parseLicense);
const builder = new Contrib.FromNodePackageJson.Builders.ComponentBuilder(
  new Contrib.FromNodePackageJson.Factories.ExternalReferenceFactory(),
  licenses,
);

/**
 * @param {string[]} folders Folders of the packages in the bundles, relative to the repository
 * @returns {string} JSON
 */
export function serverSbom(folders) {
  const { packages: locked } = readJson('package-lock.json');
  const server = npmComponent('.', Enums.ComponentType.Application);
  server.description = 'The inference server';
  const libraries = folders.map((folder) => npmComponent(folder, Enums.ComponentType.Library, locked[folder]));
  const bom = new Models.Bom({
    metadata: new Models.Metadata({ component: server }),
    components: new Models.ComponentRepository([...libraries, nativeRuntime()]),
  });
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  const serialized = JSON.parse(serializer.serialize(bom, { sortLists: true }));
  const components = serialized.components.map(withWasmParts);
  return JSON.stringify({ ...serialized, components }, undefined, 2);
}

/** Kinds of evidence for the version of a library that is compiled into WebAssembly. */
const EVIDENCE = {
  binary: { technique: 'binary-analysis', confidence: 1, value: 'named in the WebAssembly file' },
  lock: {
    technique: 'manifest-analysis',
    confidence: 0.9,
    value: "in the lock file or build script of the package's sources",
  },
};

/** Adds the libraries that are compiled into a package's WebAssembly, which npm does not list. */
function withWasmParts(component) {
  const wasm = readJson('inference-image/wasm-parts.json')[[component.group, component.name].filter(Boolean).join('/')];
  if (!wasm) return component;
  const file = join('node_modules', component.group, component.name, wasm.file);
  if (createHash('sha256').update(readFileSync(file)).digest('hex') !== wasm.sha256) {
    throw new Error(
      `${file} has changed; update inference-image/wasm-parts.json and wasm-notices.txt to match the libraries compiled into it.`,
    );
  }
  return { ...component, components: wasm.parts.map((part) => wasmPart(component['bom-ref'], part)) };
}

function wasmPart(parent, { name, version, description, licenses, purl, from }) {
  const { confidence, ...method } = EVIDENCE[from];
  return {
    type: 'library',
    'bom-ref': `${parent}/${name}@${version}`,
    name,
    version,
    ...(description && { description }),
    licenses: [{ expression: licenses }],
    purl,
    evidence: { identity: [{ field: 'version', confidence, methods: [{ ...method, confidence }] }] },
  };
}

/** Component for onnxruntime's native library, which has the same version as its Node package. */
function nativeRuntime() {
  const { version, license } = readJson('node_modules/onnxruntime-node/package.json');
  return new Models.Component(Enums.ComponentType.Library, 'onnxruntime', {
    bomRef: `onnxruntime@${version}`,
    version,
    description: 'The native runtime and the libraries linked into it',
    licenses: new Models.LicenseRepository([licenses.makeFromString(license)]),
    purl: `pkg:github/microsoft/onnxruntime@v${version}`,
  });
}

/**
 * Component for an npm package. The hash is the hash of the published package, although a bundle contains only part of
 * it.
 */
function npmComponent(folder, type, { integrity } = {}) {
  const { name, version, description, license, repository, homepage } = readJson(join(folder, 'package.json'));
  const component = builder.makeComponent({ name, version, description, license, repository, homepage }, type);
  component.purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  component.bomRef.value = `${name}@${version}`;
  if (integrity) component.hashes.set(...Contrib.FromNodePackageJson.Utils.parsePackageIntegrity(integrity));
  return component;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}
