import { Fn, Op, Token } from 'cdktf';

/** Converts a value, which may be a Terraform token, to text. Lists are joined with commas. */
export function asText(value: string | number | boolean | readonly string[]): string {
  if (Array.isArray(value)) return Token.isUnresolved(value) ? Fn.join(',', [...value]) : value.join(',');
  return Token.isUnresolved(value) ? Token.asString(value) : String(value);
}

/** Computes a + b + …, rounded up to an integer. If a part is a token, Terraform computes the sum. */
export function wholeSum(...parts: number[]): number {
  if (!parts.some(Token.isUnresolved)) return Math.ceil(parts.reduce((a, b) => a + b));
  return Fn.ceil(parts.reduce((a, b) => Token.asNumber(Op.add(a, b))));
}

/** Computes a * b, rounded down. If either is a token, Terraform computes the product. */
export function wholeProduct(a: number, b: number): number {
  return [a, b].some(Token.isUnresolved) ? Fn.floor(Token.asNumber(Op.mul(a, b))) : Math.floor(a * b);
}

/** Computes a / b, rounded down. If either is a token, Terraform computes the quotient. */
export function wholeQuotient(a: number, b: number): number {
  return [a, b].some(Token.isUnresolved) ? Fn.floor(Token.asNumber(Op.div(a, b))) : Math.floor(a / b);
}
