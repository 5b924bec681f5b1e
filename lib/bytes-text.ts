const KIB = 1024;
const MIB = 1024 * KIB;

/** `16 MiB`, `2.5 MiB`, `976 KiB`, `1,000 bytes`. */
export function bytesText(bytes: number): string {
  if (bytes >= MIB) return `${figure(bytes / MIB)} MiB`;
  if (bytes >= KIB) return `${figure(bytes / KIB)} KiB`;
  return `${bytes.toLocaleString('en')} byte${bytes === 1 ? '' : 's'}`;
}

function figure(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}
