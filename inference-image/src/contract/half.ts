/**
 * Decodes the 16 bits of a half-precision number. https://en.wikipedia.org/wiki/Half-precision_floating-point_format
 */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Encodes a number in 16 bits, rounding if necessary. */
export function halfBits(value: number): number {
  const magnitude = Math.abs(value);
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  if (magnitude >= 65_520) return sign + 0x7c00;
  const exponent = Math.max(-14, Math.floor(Math.log2(magnitude)));
  // The fraction may round up to 2, which increments the exponent.
  const fraction = Math.round((magnitude / 2 ** exponent) * 1024);
  return sign + (fraction < 1024 ? fraction : ((exponent + 15) << 10) + fraction - 1024);
}
