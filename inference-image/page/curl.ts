import { byId } from './dom';
import { compactJson, parseJson } from './exact-json';

/**
 * A command that sends the request. Undefined where that is not JSON. The request is on one line, so that none of its
 * lines can be the one that ends it, and within a quoted here-document no shell looks into it.
 */
export function curlCommand(url: string, request: string): string | undefined {
  let json: string;
  try {
    json = compactJson(parseJson(request));
  } catch {
    return undefined;
  }
  return `${curlTo(url, 'application/json')} --data-binary @- <<'JSON'\n${json}\nJSON\n`;
}

/** A command that sends a file. */
export function pictureCommand(url: string, name: string, type?: string): string {
  // A quote ends a word, and begins the next one.
  return `${curlTo(url, type)} --data-binary '@${name.replaceAll("'", "'\\''")}'\n`;
}

function curlTo(url: string, type?: string): string {
  const command = `curl --silent '${url.replaceAll("'", '%27')}'`;
  return type ? `${command} --header 'Content-Type: ${type}'` : command;
}

/** @param prefix Of the ids of the button, of the command and of where it is said that it was copied. */
export function addCopyButton(prefix = ''): void {
  byId(`${prefix}copy`).addEventListener('click', () => {
    void copyText(byId<HTMLTextAreaElement>(`${prefix}curl`)).then((isCopied) => {
      byId(`${prefix}copied`).textContent = isCopied ? 'Copied.' : 'Press Ctrl+C to copy.';
    });
  });
}

/** Pages without TLS have no clipboard but this old one. */
async function copyText(source: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.value);
    return true;
  } catch {
    source.select();
    return document.execCommand('copy');
  }
}
