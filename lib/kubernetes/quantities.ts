import { Token } from 'cdktf';
import { asText } from '../tokens';

/** CPUs as Kubernetes writes them back, so that plans stay empty: `2`, `500m`. Rounded up to a thousandth. */
export function cpuQuantity(cpus: number): string {
  if (Token.isUnresolved(cpus)) return asText(cpus);
  const millis = Math.ceil(Number((cpus * 1000).toPrecision(12)));
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** Memory as Kubernetes writes it back: `512Mi`, `2Gi`. */
export function memoryQuantity(mebibytes: number): string {
  if (Token.isUnresolved(mebibytes)) return `${asText(mebibytes)}Mi`;
  const units = ['Mi', 'Gi', 'Ti'];
  let [amount, unit] = [mebibytes, 0];
  while (amount % 1024 === 0 && unit < units.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${amount}${units[unit]}`;
}
