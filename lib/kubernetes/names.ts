import { type TerraformProvider, Token } from 'cdktf';
import type { Construct } from 'constructs';
import { createHash } from 'node:crypto';
import type { Problem } from '../base/errors';
import { Claims } from '../terraform/claims';
import { kubernetesErrors } from './errors';

/**
 * Whether this is an RFC 1035 label, as Services require:
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names
 */
export function isResourceName(name: string): boolean {
  return /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/** Whether this is an RFC 1123 label, as namespaces require: it may start with a digit. */
export function isNamespaceName(name: string): boolean {
  return /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name);
}

/**
 * Converts a construct's path to a resource name that is the same at every synth. Different paths give different names:
 * a hash of the path is appended if joining with dashes is ambiguous or a character is replaced.
 */
export function defaultResourceName(path: string): string {
  const parts = path.split('/');
  const name = parts.join('-');
  const id = parts.at(-1)!;
  // If there are two parts and the second one has no dash, the last dash of the name separates them. Eight hex digits
  // are excluded, because they could look like a hash.
  const isUnambiguous = parts.length === 2 && !id.includes('-') && !/^[0-9a-f]{8}$/.test(id);
  return isUnambiguous && isResourceName(name) ? name : withHash(name, path);
}

/**
 * Name of a resource that belongs to an owner, shortened if necessary. Different ids give different names. An owner's
 * name that is a Terraform token is not shortened.
 */
export function memberName(owner: string, id: string): string {
  if (Token.isUnresolved(owner)) return `${owner}-${isResourceName(`x-${id}`) ? id : withHash(id, id)}`;
  const name = `${owner}-${id}`;
  return isResourceName(name) ? name : withHash(name, name);
}

const LABEL_TEXT = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Converts any string to a label value: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels */
export function labelValue(text: string): string {
  if (LABEL_TEXT.test(text)) return text;
  const legal = text.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return [legal.slice(0, 54).replace(/[^A-Za-z0-9]+$/, ''), hashOf(text)].filter(Boolean).join('-');
}

/** Whether Kubernetes accepts a label. */
export function isLabel(key: string, value: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  const isKey = LABEL_TEXT.test(name) && more.length === 0 && (prefix === undefined || isDnsName(prefix));
  return isKey && (value === '' || LABEL_TEXT.test(value));
}

/** Whether this is an RFC 1123 subdomain, such as `digits.example.com`. */
export function isDnsName(text: string): boolean {
  const part = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
  return text.length <= 253 && new RegExp(`^${part}(\\.${part})*$`).test(text);
}

function withHash(name: string, unique: string): string {
  const legal = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 54)
    .replace(/-+$/, '');
  return `${legal || 'model'}-${hashOf(unique)}`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/**
 * Kinds of resources whose names are claimed. A construct has only one resource of its kind, and its other resources
 * have the same name.
 */
type Kind = 'Deployment' | 'ConfigMap';

const claims = new Claims<string>((one, other) => one === other);

/**
 * Claims the name of a construct's resource. Returns a problem if another construct has a resource of the same kind and
 * name.
 */
export function claimName(
  owner: Construct,
  kind: Kind,
  name: string,
  namespace: string,
  provider: TerraformProvider | undefined,
): Problem[] {
  if ([name, namespace].some(Token.isUnresolved)) return [];
  const other = claims.claim(owner, provider, [kind, namespace, name].join('\n'));
  return other ? [kubernetesErrors.nameTaken(owner.node.path, name, namespace, other.owner)] : [];
}
