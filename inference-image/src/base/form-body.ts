/**
 * Whether a body is multipart form data, as sent by `curl --form`: https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1
 */
export function isForm(body: Buffer): boolean {
  return body.toString('latin1', 0, 2) === '--';
}
