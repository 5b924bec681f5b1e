/** Sends POST /v2/models/NAME/infer on a new connection, because tests start and stop servers between calls. */
export async function infer(url: string, model: string, inputs: object[]): Promise<any> {
  const response = await fetch(`${url}/v2/models/${model}/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ inputs }),
  });
  const body = (await response.json()) as { error?: string };
  if (!response.ok) throw new Error(`${response.status}: ${body.error}`);
  return body;
}
