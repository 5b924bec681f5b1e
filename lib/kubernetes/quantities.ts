import { Token } from 'cdktf';
import { asText } from '../terraform/tokens';

/**
 * Formats a number as Kubernetes returns it, so that plans stay empty: `2`, `500m`, `1k`. Rounds up to a thousandth.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity
 */
export function decimalQuantity(value: number): string {
  if (Token.isUnresolved(value)) return asText(value);
  return canonical(Math.ceil(Number((value * 1000).toPrecision(12))), 1000, ['m', '', 'k', 'M', 'G', 'T', 'P']);
}

/** Formats memory as Kubernetes returns it: `512Mi`, `2Gi`. */
export function memoryQuantity(mebibytes: number): string {
  return Token.isUnresolved(mebibytes) ? `${asText(mebibytes)}Mi` : canonical(mebibytes, 1024, ['Mi', 'Gi', 'Ti']);
}

/** Formats an amount in the largest unit that gives an integer. */
function canonical(amount: number, step: number, units: readonly string[]): string {
  const [unit, ...larger] = units;
  return amount % step === 0 && larger.length > 0 ? canonical(amount / step, step, larger) : `${amount}${unit}`;
}
