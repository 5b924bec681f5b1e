import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ModelServingError } from '../base/errors';
import { sortedMetrics } from '../model/model-card';
import type { Model } from '../model/model';
import { packageRoot } from '../base/package-root';
import { printable } from '../../inference-image/src/contract/printable';
import { bundleErrors, type ContextFile, PICTURE_DECODER_FOLDER } from '../base/server-files';

/** The fields of a CycloneDX component that this file uses. @see https://cyclonedx.org/docs/1.6/json/ */
interface Component {
  readonly type: string;
  readonly 'bom-ref'?: string;
  readonly name: string;
  readonly version?: string;
  readonly [field: string]: unknown;
}

/** Bill of materials of the server, written by inference-image/sbom.mjs when this package was built. */
interface ServerSbom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly $schema: string;
  readonly bomFormat: string;
  readonly specVersion: string;
}

/** A bill of materials in CycloneDX's JSON. */
export type Sbom = Readonly<Record<string, unknown>>;

const IMAGE = 'image';
const MODEL = 'model';
const PROPERTY = 'io.model-serving';

/** Name of a property that occurs only in bills of materials from this package. */
export const SBOM_MARK = `${PROPERTY}:not-covered`;

/** Folder of native files in the image. */
const NATIVE_FOLDER = 'app/node_modules/onnxruntime-node/';

/** Parts of an image that its bill of materials does not list, because they do not come from this package. */
const NOT_COVERED = 'the base image: Node.js, the C library and the packages of its distribution';

/**
 * Lists the components of a model's image, except those of its base image. The same model and package always produce
 * the same bill of materials: it contains no timestamp, and its serial number is a hash of the rest.
 */
export function imageSbom(model: Model, server: readonly ContextFile[]): Sbom {
  const { $schema, bomFormat, specVersion, metadata, components } = model.picture ? withPictureDecoder() : serverSbom();
  const { name, version } = metadata.component;
  const application = withFiles(metadata.component, filesOf(server, false));
  const libraries = components.map((component) =>
    component.name === 'onnxruntime' ? withFiles(component, filesOf(server, true)) : component,
  );
  const content = {
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: { components: [{ type: 'application', name, version }] },
      component: imageComponent(model),
    },
    components: [modelComponent(model), application, ...libraries],
    dependencies: [
      { ref: IMAGE, dependsOn: [MODEL, application['bom-ref']] },
      { ref: application['bom-ref'], dependsOn: libraries.map((library) => library['bom-ref']) },
    ],
    compositions: [{ aggregate: 'incomplete', assemblies: [IMAGE, ...withUnknownParts(libraries)] }],
  };
  return { $schema, bomFormat, specVersion, serialNumber: serialNumber(content), version: 1, ...content };
}

/**
 * Returns the libraries whose list of parts is incomplete. A WebAssembly file does not name everything that was linked
 * into it.
 */
function withUnknownParts(libraries: readonly Component[]): unknown[] {
  return libraries
    .filter(({ components = [] }) => (components as Component[]).some(({ type }) => type === 'library'))
    .map((library) => library['bom-ref']);
}

export function sbomText(sbom: Sbom): string {
  return `${printable(JSON.stringify(sbom, undefined, 2))}\n`;
}

function withPictureDecoder(): ServerSbom {
  const server = serverSbom();
  const refs = new Set(server.components.map((component) => component['bom-ref']));
  const { components } = serverSbom(PICTURE_DECODER_FOLDER);
  const more = components.filter((component) => !refs.has(component['bom-ref']));
  return { ...server, components: [...server.components, ...more] };
}

/** Bills of materials by folder. They are cached because all models of an app have the same server. */
const serverSboms = new Map<string, ServerSbom>();

function serverSbom(folder = '.'): ServerSbom {
  const sbom = serverSboms.get(folder) ?? readSbom(folder);
  serverSboms.set(folder, sbom);
  return sbom;
}

function readSbom(folder: string): ServerSbom {
  const file = join(packageRoot, 'dist', 'inference-image', folder, 'sbom.cdx.json');
  if (!existsSync(file)) throw new ModelServingError([bundleErrors.bundleMissing(file)]);
  return JSON.parse(readFileSync(file, 'utf8')) as ServerSbom;
}

function imageComponent({ name, version, card }: Model): Component {
  return {
    type: 'container',
    'bom-ref': IMAGE,
    name,
    version,
    ...(card?.title && { description: `Serves the model "${card.title}".` }),
    properties: [{ name: SBOM_MARK, value: NOT_COVERED }],
  };
}

/** @see https://cyclonedx.org/capabilities/mlbom/ */
function modelComponent(model: Model): Component {
  const { name, version, card = {}, domain } = model;
  const { files } = model;
  const { license, authors, vendor, description } = card;
  return {
    type: 'machine-learning-model',
    'bom-ref': MODEL,
    ...(vendor && { supplier: { name: vendor } }),
    ...(authors && { authors: [{ name: authors }] }),
    ...(domain && !domain.startsWith('ai.onnx') && { group: domain }),
    name,
    version,
    ...(description && { description }),
    // The hash is set only for a model in a single file. With external data, the model's sha256 is the hash of a list
    // of its files.
    ...(files[0]!.sha256 === model.sha256 && { hashes: sha256(model.sha256) }),
    ...(license && { licenses: [{ expression: license }] }),
    ...externalReferences(model),
    modelCard: modelCard(model),
    ...(files.length > 1 && { components: files.map((file) => fileComponent(`model/${file.path}`, file.sha256)) }),
    properties: modelProperties(model),
  };
}

function externalReferences({ card = {} }: Model): object {
  const { source, revision, documentation } = card;
  const references = [
    ...(source ? [{ type: 'vcs', url: source, ...(revision && { comment: `revision ${revision}` }) }] : []),
    ...(documentation ? [{ type: 'documentation', url: documentation }] : []),
  ];
  return references.length > 0 ? { externalReferences: references } : {};
}

function modelCard({ signature, card = {} }: Model): object {
  const { trainingData } = card;
  const metrics = sortedMetrics(card);
  return {
    modelParameters: {
      ...(trainingData && {
        datasets: [{ type: 'dataset', name: 'training data', contents: { attachment: { content: trainingData } } }],
      }),
      inputs: signature.inputs.map(({ datatype }) => ({ format: datatype })),
      outputs: signature.outputs.map(({ datatype }) => ({ format: datatype })),
    },
    ...(metrics.length > 0 && {
      quantitativeAnalysis: {
        performanceMetrics: metrics.map(([type, value]) => ({ type, value: String(value) })),
      },
    }),
  };
}

function modelProperties({ sha256, producer, irVersion, opsets, card }: Model): object[] {
  const opset = Object.entries(opsets).map(([domain, version]) => `${domain} ${version}`);
  const values = {
    'model.sha256': sha256,
    'model.producer': producer,
    'model.onnx': `IR version ${irVersion}, opset ${opset.join(', ')}`,
    'model.title': card?.title,
    'model.revision': card?.revision,
  };
  return Object.entries(values)
    .filter(([, value]) => value)
    .map(([name, value]) => ({ name: `${PROPERTY}:${name}`, value }));
}

function filesOf(server: readonly ContextFile[], native: boolean): Component[] {
  return server
    .filter(({ path }) => path.startsWith(NATIVE_FOLDER) === native)
    .map(({ path, sha256 }) => fileComponent(path, sha256));
}

function withFiles(component: Component, files: readonly Component[]): Component {
  return { ...component, components: files };
}

/** A file, named by its path in the image. */
function fileComponent(path: string, hash: string): Component {
  return { type: 'file', name: `/${path}`, hashes: sha256(hash) };
}

function sha256(content: string): object[] {
  return [{ alg: 'SHA-256', content }];
}

/**
 * Derives a UUID of version 8 from the content. Most bits of such a UUID can be chosen freely:
 * https://www.rfc-editor.org/rfc/rfc9562#section-5.8
 */
function serialNumber(content: object): string {
  const bytes = createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
