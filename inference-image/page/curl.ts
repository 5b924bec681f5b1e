import { byId } from './dom';
import { compactJson, parseJson } from './exact-json';

/**
 * Command that sends the request; undefined if the request is not JSON. The request is on one line, so that it cannot
 * end the here-document. The here-document is quoted, so that the shell does not expand it.
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

/** Command that sends a file. */
export function pictureCommand(url: string, name: string, type?: string): string {
  // Each quote in the name closes the quoted string; an escaped quote follows, and then the string is opened again.
  return `${curlTo(url, type)} --data-binary '@${name.replaceAll("'", "'\\''")}'\n`;
}

function curlTo(url: string, type?: string): string {
  const command = `curl --silent '${url.replaceAll("'", '%27')}'`;
  return type ? `${command} --header 'Content-Type: ${type}'` : command;
}

/** @param prefix Prefix of the ids of the button, of the command, and of the message that confirms the copy */
export function addCopyButton(prefix = ''): void {
  byId(`${prefix}copy`).addEventListener('click', () => {
    void copyText(byId<HTMLTextAreaElement>(`${prefix}curl`)).then((isCopied) => {
      byId(`${prefix}copied`).textContent = isCopied ? 'Copied.' : 'Press Ctrl+C to copy.';
    });
  });
}

/** Copies text with the deprecated clipboard function, because pages without TLS can use no other. */
async function copyText(source: HTMLTextAreaElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(source.value);
    return true;
  } catch {
    source.select();
    return document.execCommand('copy');
  }
}
