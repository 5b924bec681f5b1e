import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ROOT } from '../../support/root';
import { identity, node, value } from '../../support/onnx-builder';
import { ServerProcess } from '../../support/server';
import { accessibilityProblems } from './accessibility';
import { belowPath } from './below-a-path';
import { PHONE, type WatchedPage } from './browser';
import { Site } from './site';

const site = new Site();
let watched: WatchedPage;
let page: Page;

async function open(url: string, options?: BrowserContextOptions): Promise<void> {
  watched = await site.open(url, options);
  page = watched.page;
}

const text = (id: string) => page.locator(`#${id}`).innerText();
const run = () => page.getByRole('button', { name: 'Run', exact: true }).click();
const status = (part: string) => page.locator('#status').filter({ hasText: part }).waitFor();
const problem = (part: string) => page.locator('#problem').filter({ hasText: part }).waitFor();
const request = () => page.getByLabel('Request', { exact: true });

/** Visible text of each cell of a table, by row. */
async function rows(selector: string): Promise<string[][]> {
  const cells = await page.locator(`${selector} tbody tr`).all();
  return Promise.all(cells.map((row) => row.locator('th, td').allInnerTexts()));
}

async function setRequest(change: (request: any) => void): Promise<void> {
  const changed = JSON.parse(await request().inputValue());
  change(changed);
  await request().fill(JSON.stringify(changed));
}

describe('the digits example', () => {
  test('shows the model', async () => {
    await open(site.url);
    expect(await page.title()).toBe('digits 1');
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('digits');
    expect([await text('state'), await text('facts')]).toEqual(['ready', 'version 1 · onnxruntime_onnx']);
    expect(await rows('#signature')).toEqual([
      ['input', 'image', 'FP32', '[-1, 3, 32, 32]'],
      ['output', 'logits', 'FP32', '[-1, 10]'],
    ]);
    expect(await page.getByRole('radio').count()).toBe(3);
    expect(watched.complaints).toEqual([]);
  });

  test('running a golden example shows the answer, the difference and the latency', async () => {
    await open(site.url);
    await page.getByLabel('a held-out seven').check();
    await run();
    await status('✓ As expected: 10 elements, ');
    const answer = await rows('#outputs');
    expect(answer).toHaveLength(10);
    for (const [i, [index, got, expected, difference]] of answer.entries()) {
      expect(index).toBe(`[0, ${i}]`);
      expect(Math.abs(Number(got) - Number(expected))).toBeLessThan(1e-3);
      expect(Number(difference)).toBeLessThan(1e-3);
    }
    expect(await page.locator('#outputs caption').innerText()).toMatch(
      /^logits FP32 \[1, 10\]\s+largest at \[0, 7\], smallest at \[0, \d\] · tolerance 0.0001 \+ 0.0001 × \|expected\|$/,
    );
    expect(await text('latency')).toMatch(/^Latency\s+\d+\.\d ms$/);
    expect(JSON.parse((await page.locator('#raw-text').textContent())!).model_name).toBe('digits');

    await page.getByRole('button', { name: 'Run 20 times' }).click();
    await page.locator('#latency').filter({ hasText: 'p50 of 20' }).waitFor();
    const [last, p50, least, most] = (await text('latency')).match(/\d+\.\d/g)!.map(Number);
    expect(least).toBeLessThanOrEqual(p50!);
    expect(p50).toBeLessThanOrEqual(most!);
    expect(last).toBeLessThanOrEqual(most!);
    await status('✓ As expected');

    const infers = watched.requests.filter((url) => url.endsWith('/v2/models/digits/infer'));
    expect(infers).toHaveLength(21);
    expect(watched.requests.filter((url) => !url.startsWith(site.url) && !url.startsWith('data:'))).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test('can be used with the keyboard alone', async () => {
    await open(site.url);
    const focused = () => page.locator(':focus');
    const tabTo = async (what: string) => {
      for (let i = 0; i < 20; i++) {
        await page.keyboard.press('Tab');
        if (await focused().evaluate((at: any, id) => at.id === id || at.name === id, what)) return;
      }
      throw new Error(`Tab does not reach ${what}`);
    };
    await tabTo('choice');
    await page.keyboard.press('ArrowDown');
    expect(await page.getByLabel('a held-out seven').isChecked()).toBe(true);
    await tabTo('request');
    await page.keyboard.press('Control+Enter');
    await status('✓ As expected');
    await tabTo('run-many');
    await page.keyboard.press('Space');
    await page.locator('#latency').filter({ hasText: 'p50 of 20' }).waitFor();
    expect(await focused().getAttribute('id')).toBe('run-many');
    expect(await focused().evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await tabTo('copy');
    await page.keyboard.press('Enter');
    await page
      .locator('#copied')
      .filter({ hasText: /Copied|Ctrl/ })
      .waitFor();
    expect(watched.complaints).toEqual([]);
  });

  test('does not send invalid JSON', async () => {
    await open(site.url);
    await request().fill('{"inputs": [}');
    expect(await page.getByLabel('The same request with curl').inputValue()).toBe('The request is not valid JSON.');
    await run();
    await problem('Not sent, because the request is not valid JSON: ');
    expect(watched.requests.filter((url) => url.endsWith('/infer'))).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test("the server's errors are shown verbatim, and a changed request is not compared", async () => {
    await open(site.url);
    await setRequest(({ inputs }) => (inputs[0].shape = [1, 3, 32, 31]));
    await run();
    await problem('400: input "image"');
    expect(await text('outputs')).toBe('');
    expect(watched.complaints.filter((line) => !line.includes('status of 400'))).toEqual([]);

    await page.getByRole('button', { name: 'Undo changes' }).click();
    await setRequest(({ inputs }) => (inputs[0].data[0] = 0.5));
    await run();
    await status('The request was changed, so there is no expected answer to compare with.');
    expect((await rows('#outputs'))[0]).toHaveLength(2);
    await page.getByRole('button', { name: 'Undo changes' }).click();
    await run();
    await status('✓ As expected');
  });

  test('a difference beyond the tolerance is shown', async () => {
    await open(site.url);
    await page.route('**/infer', async (route) => {
      const response = await route.fetch();
      const answer = await response.json();
      answer.outputs[0].data[4] += 1;
      await route.fulfill({ response, json: answer });
    });
    await run();
    await status('✗ 1 of 10 elements exceed the tolerance.');
    expect(await page.locator('#outputs tr.bad').allInnerTexts()).toEqual([expect.stringMatching(/^\[0, 4\].*\s1$/s)]);
  });

  test('an answer that arrives after another choice is discarded', async () => {
    await open(site.url);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route('**/infer', async (route) => {
      await held;
      await route.continue();
    });
    await run();
    await page.getByLabel('a held-out seven').check();
    release();
    await page.locator('#run[aria-disabled="false"]').waitFor();
    expect([await text('status'), await text('outputs')]).toEqual(['', '']);
    await run();
    await status('✓ As expected');
    expect(await page.locator('#outputs caption').innerText()).toContain('largest at [0, 7]');
    expect(watched.requests.filter((url) => url.endsWith('/infer'))).toHaveLength(2);
  });

  test('the curl command gives the same answer', async () => {
    await open(site.url);
    await run();
    await status('✓ As expected');
    const command = await page.getByLabel('The same request with curl').inputValue();
    const { stdout } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
    expect(stdout).toBe(await page.locator('#raw-text').textContent());
  });

  test.each<[string, BrowserContextOptions]>([
    ['in light', {}],
    ['in the dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ])('is accessible, and nothing overflows, %s', async (_name, options) => {
    await open(site.url, options);
    await run();
    await status('✓ As expected');
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test('works below a path of an Ingress, with and without a slash', async () => {
    const proxy = await belowPath('/models/it', site.url);
    for (const end of ['', '/']) {
      await open(proxy.url + end);
      await run();
      await status('✓ As expected');
      expect(await page.getByLabel('The same request with curl').inputValue()).toContain(
        `'${proxy.url}/v2/models/digits/infer'`,
      );
      expect(watched.complaints).toEqual([]);
      await page.context().close();
    }
    proxy.close();
  });
});

test('names that look like markup are shown as text', async () => {
  const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
  const tensor = (name: string) => ({ name, datatype: 'BYTES', shape: [1], data: [hostile] });
  const parts = {
    inputs: [value(`in${hostile}`, 'string', ['n'])],
    outputs: [value(`out${hostile}`, 'string', ['n'])],
    nodes: [node('Identity', [`in${hostile}`], [`out${hostile}`])],
  };
  const request = { inputs: [tensor(`in${hostile}`)] };
  const example = { name: `example${hostile}`, request, response: { outputs: [tensor(`out${hostile}`)] } } as any;
  const name = `it's ${hostile}`;
  const server = await ServerProcess.start(parts, { page: true }, { name, version: hostile, examples: [example] });
  watched = await site.openEmpty();
  page = watched.page;
  // Makes the server answer as if the model had a card.
  await page.route('**/v2/models/*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), properties: { [hostile]: hostile } } });
  });
  await page.goto(server.url);
  await run();
  await status('✓ As expected: 1 element');
  expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe(name);
  expect(await page.locator('#properties').innerText()).toBe(`${hostile}\n${hostile}`);
  expect((await rows('#outputs'))[0]).toEqual(['[0]', hostile, hostile, 'equal']);
  expect(await page.locator('main img, main script').count()).toBe(0);
  const { stdout } = spawnSync('bash', ['-c', await page.getByLabel('The same request with curl').inputValue()]);
  expect(JSON.parse(String(stdout)).outputs[0].data).toEqual([hostile]);

  await setRequest(({ inputs }) => (inputs[0].name = hostile));
  await run();
  await problem('alert(2)');
  expect(watched.complaints.filter((line) => !line.includes('status of 400'))).toEqual([]);
  await server.stop();
});

test('long integers are exact, and long tensors are truncated', async () => {
  const server = await ServerProcess.start(identity('int64', ['n']), { page: true });
  await open(server.url);
  expect(await request().inputValue()).toContain('"data": [0]');
  const data = ['9007199254740993', '-9007199254740993', ...new Array(58).fill('7')];
  await request().fill(`{"inputs":[{"name":"x","datatype":"INT64","shape":[60],"data":[${data}]}]}`);
  await run();
  await status('Answered.');
  const shown = await rows('#outputs');
  expect(shown).toHaveLength(50);
  expect(shown.slice(0, 2)).toEqual([
    ['[0]', '9007199254740993'],
    ['[1]', '-9007199254740993'],
  ]);
  expect(await page.locator('#outputs caption').innerText()).toContain('first 50 of 60 elements');
  expect(await page.getByLabel('The same request with curl').inputValue()).toContain(
    '[9007199254740993,-9007199254740993,7',
  );
  await server.stop();
});

test('a model that is not served: the state shows the reason, and a run shows the error', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { page: true, expectedSha256: 'f'.repeat(64) });
  await open(server.url);
  expect(await text('state')).toContain('unavailable: the deployment expects model ffff');
  await run();
  await problem('503: ');
  await server.stop();
  await page.locator('#state').filter({ hasText: 'unreachable' }).waitFor();
});

test.each(['**/v2/repository/index', '**/page/examples.json'])('the first requests are retried: %s', async (path) => {
  watched = await site.openEmpty();
  page = watched.page;
  await page.route(path, (route) => route.abort());
  await page.goto(site.url);
  await page
    .locator('#load-problem')
    .filter({ hasText: 'The server does not respond. This page retries every two seconds.' })
    .waitFor();
  expect(await text('state')).toBe('unreachable');
  await page.unroute(path);
  await page.locator('#state').filter({ hasText: 'ready' }).waitFor();
  expect(await page.locator('#load-problem').isVisible()).toBe(false);
  await run();
  await status('✓ As expected');
});

test('examples and zeros that cannot be shown in the editor leave it empty', async () => {
  const half = { name: 'x', datatype: 'FP16', shape: [1, 30_000], file: 'half.bin' };
  const example = { name: 'a', request: { inputs: [half] }, response: { outputs: [{ ...half, name: 'y' }] } } as any;
  const examples = [example];
  const elements = { 'half.bin': new Uint8Array(60_000) };
  const server = await ServerProcess.start(identity('float16', ['n', 30_000]), { page: true }, { examples, elements });
  await open(server.url);
  expect(await page.getByLabel('nothing').isChecked()).toBe(true);
  expect([await page.getByLabel('Request', { exact: true }).inputValue(), await text('omitted')]).toEqual([
    '',
    expect.stringContaining('“a” is not shown: FP16'),
  ]);
  await server.stop();
});

const screenshot = process.env.PAGE_SCREENSHOT;
const SEVEN = join(ROOT, 'examples/digits/pictures/7.png');
(screenshot ? test : test.skip)('a screenshot of the digits example, at the path in PAGE_SCREENSHOT', async () => {
  await open(site.url, { viewport: { width: 960, height: 1100 } });
  await page.getByLabel('Picture', { exact: true }).setInputFiles(SEVEN);
  await page.locator('#picture-status').filter({ hasText: 'Class 7' }).waitFor();
  await page.getByRole('button', { name: 'Send 20 times' }).click();
  await page.locator('#picture-latency').filter({ hasText: 'p50 of 20' }).waitFor();
  await page.getByRole('button', { name: 'Run 20 times' }).click();
  await page.locator('#latency').filter({ hasText: 'p50 of 20' }).waitFor();
  await page.evaluate('document.activeElement.blur()');
  await page.screenshot({ path: screenshot, fullPage: true });
});
