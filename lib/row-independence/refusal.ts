import type { BatchingVerdict } from '../../inference-image/src/contract/batching-verdict';
import { domainName, operatorName, type NodeMessage } from '../onnx/decoded-model';
import type { Obstacle } from './values/obstacle';

/** Why the rows are not proved to be independent. */
export type Refusal = BatchingVerdict & { verdict: 'coupled' | 'not understood' };

/** Maximum length of node names in messages. */
const MAX_NAME = 120;

/** Reports an obstacle at a node. */
export function blamed(node: NodeMessage | undefined, { verdict, reason }: Obstacle): Refusal {
  if (!node) return { verdict, node: 'graph', operator: 'graph', reason };
  const operator = shortened(nameOfOperator(node));
  const name = node.name || node.output.filter(Boolean).join(', ') || operator;
  return { verdict, node: shortened(name), operator: operator || 'unnamed', reason };
}

/** Operator name, with its domain unless it is the default domain: `Conv`, `com.microsoft:FusedMatMul`. */
function nameOfOperator({ domain, opType }: NodeMessage): string {
  return operatorName({ domain: domainName(domain), type: opType });
}

export function shortened(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name || 'unnamed';
}

export function quoted(name: string): string {
  return JSON.stringify(shortened(name));
}
