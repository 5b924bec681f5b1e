const KIB = 1024;
const MIB = 1024 * KIB;

/** Formats a size: `16 MiB`, `2.5 MiB`, `976 KiB`, `1,000 bytes`. */
export function bytesText(bytes: number): string {
  if (bytes >= MIB) return `${oneDecimal(bytes / MIB)} MiB`;
  if (bytes >= KIB) return `${oneDecimal(bytes / KIB)} KiB`;
  return `${grouped(String(bytes))} byte${bytes === 1 ? '' : 's'}`;
}

function oneDecimal(value: number): string {
  return grouped(value.toFixed(1).replace(/\.0$/, ''));
}

/**
 * Inserts commas as thousands separators. Intl is not used because it takes 11 ms to load, and every plan prints sizes.
 */
function grouped(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
