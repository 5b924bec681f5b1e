import { Fn, Op, Token } from 'cdktf';

/** Text of a value, also of one that only Terraform knows; a list has commas. */
export function asText(value: string | number | boolean | readonly string[]): string {
  if (Array.isArray(value)) return Token.isUnresolved(value) ? Fn.join(',', [...value]) : value.join(',');
  return Token.isUnresolved(value) ? Token.asString(value) : String(value);
}

/** a + b + …, rounded up to a whole number, by Terraform where it alone knows a part. */
export function wholeSum(...parts: number[]): number {
  if (!parts.some(Token.isUnresolved)) return Math.ceil(parts.reduce((a, b) => a + b));
  return Fn.ceil(parts.reduce((a, b) => Token.asNumber(Op.add(a, b))));
}

/** a * b without its fraction, by Terraform where it alone knows one of them. */
export function wholeProduct(a: number, b: number): number {
  return [a, b].some(Token.isUnresolved) ? Fn.floor(Token.asNumber(Op.mul(a, b))) : Math.floor(a * b);
}

/** a / b without its fraction, by Terraform where it alone knows one of them. */
export function wholeQuotient(a: number, b: number): number {
  return [a, b].some(Token.isUnresolved) ? Fn.floor(Token.asNumber(Op.div(a, b))) : Math.floor(a / b);
}
