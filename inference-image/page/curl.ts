import { inferUrl } from './api';
import { compactJson, parseJson } from './exact-json';

/**
 * A command that sends the request. Undefined where that is not JSON. The request is on one line, so that none of its
 * lines can be the one that ends it, and within a quoted here-document no shell looks into it.
 */
export function curlCommand(model: string, request: string): string | undefined {
  let json: string;
  try {
    json = compactJson(parseJson(request));
  } catch {
    return undefined;
  }
  const url = inferUrl(model).replaceAll("'", '%27');
  return `curl --silent '${url}' --header 'Content-Type: application/json' --data-binary @- <<'JSON'\n${json}\nJSON\n`;
}

/** Pages without TLS have no clipboard but this old one. */
export async function copyText(source: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.value);
    return true;
  } catch {
    source.select();
    return document.execCommand('copy');
  }
}
