import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { ROOT } from '../../support/root';
import { PICTURE } from '../../support/picture-input';
import { identity } from '../../support/onnx-builder';
import { png } from '../../support/png';
import { ServerProcess } from '../../support/server';
import { accessibilityProblems } from './accessibility';
import { PHONE, type WatchedPage } from './browser';
import { Site } from './site';

const PICTURES = join(ROOT, 'examples/digits/pictures');
const pictureOf = (name: string) => join(PICTURES, name);

const site = new Site();
let watched: WatchedPage;
let page: Page;

async function open(url: string, options?: BrowserContextOptions): Promise<void> {
  watched = await site.open(url, options);
  page = watched.page;
}

const file = () => page.getByLabel('Picture', { exact: true });
const text = (id: string) => page.locator(`#picture-${id}`).innerText();
const status = (part: string | RegExp) => page.locator('#picture-status').filter({ hasText: part }).waitFor();
const problem = (part: string | RegExp) => page.locator('#picture-problem').filter({ hasText: part }).waitFor();
const sent = () => watched.requests.filter((url) => /\/(classify|infer)$/.test(url));

/** Data of a drop or a paste that contains a picture as a file. */
function filesOf(name: string) {
  const bytes = [...readFileSync(pictureOf(name))];
  return page.evaluateHandle(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${JSON.stringify(bytes)})], ${JSON.stringify(name)}, { type: 'image/png' }));
    return data;
  })()`);
}

describe('a model that accepts pictures and returns classes', () => {
  test('choosing a picture shows it, its class, its score and the latency', async () => {
    await open(site.url);
    expect([await text('path'), await text('nothing-yet')]).toEqual([
      'POST v2/models/digits/classify',
      'No picture has been sent yet.',
    ]);
    await file().setInputFiles(pictureOf('7.png'));
    await status(/^Class 7 score 0\.99\d+$/);
    expect(await text('latency')).toMatch(/^Latency\s+\d+\.\d ms$/);
    const rows = page.locator('#picture-outputs tbody tr');
    expect(await rows.count()).toBe(5);
    expect(await rows.first().innerText()).toMatch(/^7\s+0\.99\d+$/);
    const widths = await page.locator('.bar span').evaluateAll((bars) => bars.map((bar: any) => bar.clientWidth));
    expect(widths[0]).toBeGreaterThan(100);
    expect(Math.max(...widths.slice(1))).toBeLessThan(3);
    expect(JSON.parse((await page.locator('#picture-raw-text').textContent())!)).toMatchObject({
      class: '7',
      index: 7,
    });

    const preview = page.getByRole('img', { name: '7.png' });
    expect(await text('facts')).toBe('7.png, 32 × 32 pixels');
    const levels = await preview.evaluate((canvas: any) => [
      ...new Set(canvas.getContext('2d').getImageData(0, 0, 32, 24).data),
    ]);
    expect(levels.length).toBeGreaterThan(2);

    expect(sent()).toEqual([`${site.url}/v2/models/digits/classify`]);
    expect(watched.complaints).toEqual([]);
  });

  test('a picture can be sent again, and 20 times', async () => {
    await open(site.url);
    expect(await page.getByRole('button', { name: 'Send again' }).isVisible()).toBe(false);
    await file().setInputFiles(pictureOf('7.jpg'));
    await status('Class 7');
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.locator('#picture-run[aria-disabled="false"]').waitFor();
    await status('Class 7');
    await page.getByRole('button', { name: 'Send 20 times' }).click();
    await page.locator('#picture-latency').filter({ hasText: 'p50 of 20' }).waitFor();
    await status('Class 7');
    expect(sent()).toHaveLength(22);
    // The editor below shows its own response, and has none yet.
    expect(await page.locator('#nothing-yet').isVisible()).toBe(true);
  });

  test('the curl command gives the same answer, whatever the name of the file', async () => {
    await open(site.url);
    const curl = page.getByLabel('The same picture with curl');
    expect(await curl.inputValue()).toBe(
      `curl --silent '${site.url}/v2/models/digits/classify' --data-binary '@picture.png'\n`,
    );
    await file().setInputFiles(pictureOf('7.png'));
    await status('Class 7');
    const { stdout } = spawnSync('bash', ['-c', await curl.inputValue()], { encoding: 'utf8', cwd: PICTURES });
    expect(stdout).toBe(await page.locator('#picture-raw-text').textContent());

    const name = `it's $(exit 1) "7".png`;
    await file().setInputFiles({ name, mimeType: 'image/png', buffer: readFileSync(pictureOf('7.png')) });
    await status('Class 7');
    const print = (await curl.inputValue()).replace(/^curl /, `printf '%s\\n' `);
    expect(spawnSync('bash', ['-c', print], { encoding: 'utf8' }).stdout.split('\n').at(-2)).toBe(`@${name}`);
  });

  test.each(['drop', 'paste'])('a picture can be added by %s', async (type) => {
    await open(site.url);
    const data = await filesOf('4.png');
    const over = page.locator('.drop.over');
    if (type === 'drop') {
      await page.dispatchEvent('footer', 'dragover', { dataTransfer: data });
      expect(await over.count()).toBe(1);
      await page.dispatchEvent('footer', 'drop', { dataTransfer: data });
    } else {
      await data.evaluate((clipboardData: any) => {
        const { document, ClipboardEvent } = globalThis as any;
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
      });
    }
    await status('Class 4');
    expect(await over.count()).toBe(0);
    expect(await file().evaluate((input: any) => input.files[0].name)).toBe('4.png');
    expect(watched.complaints).toEqual([]);
  });

  test('can be used with the keyboard alone', async () => {
    await open(site.url);
    const chooser = page.waitForEvent('filechooser');
    const focused = () => page.evaluate('document.activeElement.id');
    const tabTo = async (id: string) => {
      for (let i = 0; i < 10; i++) {
        await page.keyboard.press('Tab');
        if ((await focused()) === id) return;
      }
      throw new Error(`Tab does not reach ${id}`);
    };
    await tabTo('picture-file');
    await page.keyboard.press('Enter');
    await (await chooser).setFiles(pictureOf('2.png'));
    await status('Class 2');
    await tabTo('picture-run-many');
    await page.keyboard.press('Space');
    await page.locator('#picture-latency').filter({ hasText: 'p50 of 20' }).waitFor();
    expect(await focused()).toBe('picture-run-many');
    // Outside this section, the shortcut sends the request in the editor.
    await page.keyboard.press('Control+Enter');
    await tabTo('picture-copy');
    await page.keyboard.press('Enter');
    await page
      .locator('#picture-copied')
      .filter({ hasText: /Copied|Ctrl/ })
      .waitFor();
    expect(sent().filter((url) => url.endsWith('/infer'))).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test("a file that is not a picture shows the server's error", async () => {
    await open(site.url);
    await file().setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no picture') });
    await problem(/^400: .*PNG/);
    expect(await text('facts')).toBe('notes.txt: this browser cannot show it');
    expect(await page.locator('#picture-preview').isVisible()).toBe(false);
    expect([await text('status'), await text('outputs')]).toEqual(['', '']);
    await file().setInputFiles(pictureOf('7.png'));
    await status('Class 7');
    expect(await page.locator('#picture-problem').isVisible()).toBe(false);
    expect(watched.complaints.filter((line) => !line.includes('status of 400'))).toEqual([]);
  });

  test('an answer that arrives after another choice is discarded', async () => {
    await open(site.url);
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let count = 0;
    await page.route('**/classify', async (route) => {
      if (count++ === 0) await held;
      await route.continue();
    });
    await file().setInputFiles(pictureOf('7.png'));
    await file().setInputFiles(pictureOf('4.png'));
    await status('Class 4');
    const late = page.waitForResponse('**/classify');
    release();
    await (await late).finished();
    await status('Class 4');
    expect(await page.locator('#picture-run').getAttribute('aria-disabled')).toBe('false');
    await file().setInputFiles([]);
    expect([await text('status'), await text('nothing-yet')]).toEqual(['', 'No picture has been sent yet.']);
    expect(await page.locator('#picture-actions').isVisible()).toBe(false);
  });

  test.each<[string, BrowserContextOptions]>([
    ['in light', {}],
    ['in the dark', { colorScheme: 'dark' }],
    ['on a phone', PHONE],
  ])('is accessible, and nothing overflows, %s', async (_name, options) => {
    await open(site.url, options);
    expect(await accessibilityProblems(page)).toEqual([]);
    await file().setInputFiles(pictureOf('7.png'));
    await status('Class 7');
    expect(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth')).toBe(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  test.each([
    ['of an index', { class: 'golden retriever', index: 207 }, 'Class golden retriever index 207', []],
    ['of a label', { class: '<b>cat</b>' }, 'Class <b>cat</b>', []],
    ['of logits', { class: 'a', index: 0, score: 14.35 }, 'Class a score 14.35, index 0', [['a', '14.35']]],
    ['of no number', { class: '3', index: 3, score: 'NaN' }, 'Class 3 score NaN', [['3', 'NaN']]],
  ])('a class %s', async (_name, best, headline, table) => {
    await open(site.url);
    const json = { model_name: 'digits', model_version: '1', ...best, classes: [best] };
    await page.route('**/classify', (route) => route.fulfill({ json }));
    await file().setInputFiles(pictureOf('7.png'));
    await status(headline);
    const rows = await page.locator('#picture-outputs tbody tr').all();
    expect(await Promise.all(rows.map((row) => row.locator('th, td').allInnerTexts()))).toEqual(table);
    expect(await page.locator('.bar').count()).toBe(0);
  });
});

test('a model that accepts pictures and has no classes: tensors and errors are shown', async () => {
  const server = await ServerProcess.start(
    identity('uint8', ['n', 2, 2, 3]),
    { page: true, maxRequestBytes: 30_000 },
    { edit: (manifest) => void (manifest.image = PICTURE) },
  );
  await open(server.url);
  await file().setInputFiles(pictureOf('7.jpg'));
  await status('Answered.');
  expect(await page.locator('#picture-outputs caption').innerText()).toContain('y UINT8 [1, 2, 2, 3]');
  expect(await page.locator('#picture-outputs tbody tr').count()).toBe(12);
  const command = await page.getByLabel('The same picture with curl').inputValue();
  expect(command).toContain("/v2/models/m/infer' --header 'Content-Type: image/jpeg' --data-binary '@7.jpg'");
  const { stdout } = spawnSync('bash', ['-c', command], { encoding: 'utf8', cwd: PICTURES });
  expect(stdout).toBe(await page.locator('#picture-raw-text').textContent());

  await file().setInputFiles({ name: 'a.webp', mimeType: 'image/webp', buffer: Buffer.from('RIFF') });
  await problem(/^400: /);
  await file().setInputFiles({ name: 'long.png', mimeType: 'image/png', buffer: Buffer.alloc(30_001) });
  await problem(
    '413: the body is larger than maxRequestBytes (30000 bytes); send less at a time, or raise that setting',
  );
  await server.stop();
});

test('golden pictures are sent by a button, and compared', async () => {
  const levels = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  const picture = png('rgb', 2, [levels.slice(0, 6), levels.slice(6)]);
  const y = (data: number[]) => ({ name: 'y', datatype: 'UINT8' as const, shape: [1, 2, 2, 3], data });
  const example = (name: string, data: number[], file = 'p/levels.png') => ({
    name,
    picture: file,
    response: { outputs: [y(data)] },
  });
  const examples = [example('levels', levels), example('large', levels, 'large.png')];
  const large = Buffer.concat([picture, Buffer.alloc(2 ** 20)]);
  const server = await ServerProcess.start(
    identity('uint8', ['n', 2, 2, 3]),
    { page: true },
    {
      examples,
      elements: { 'p/levels.png': picture, 'large.png': large },
      edit: (manifest) =>
        void Object.assign(manifest, { image: PICTURE, classes: { output: 'y', kind: 'index', softmax: false } }),
    },
  );
  await open(server.url);
  expect(await text('path')).toBe('POST v2/models/m/classify');
  const golden = page.locator('#picture-golden button');
  expect(await golden.allInnerTexts()).toEqual(['levels']);
  expect(await page.locator('#omitted').innerText()).toBe(
    'Golden example “large” is not shown: its picture is larger than 1024 KiB, the limit of this page.',
  );
  await golden.click();
  await status('✓ As expected: 12 elements, no difference.');
  expect([await text('path'), await text('facts')]).toEqual(['POST v2/models/m/infer', 'levels.png, 2 × 2 pixels']);
  expect(await page.locator('#picture-outputs thead').innerText()).toMatch(/expected/i);
  expect(await page.getByLabel('The same picture with curl').inputValue()).toContain(
    "/v2/models/m/infer' --header 'Content-Type: image/png' --data-binary '@levels.png'",
  );
  await page.getByRole('button', { name: 'Send 20 times' }).click();
  await page.locator('#picture-latency').filter({ hasText: 'p50 of 20' }).waitFor();
  await status('✓ As expected');
  expect(await accessibilityProblems(page)).toEqual([]);

  // A different picture is not compared with the example.
  await page.route('**/classify', (route) => route.fulfill({ json: { class: 'a', classes: [] } }));
  await file().setInputFiles(pictureOf('7.png'));
  await status('Class a');
  expect(await text('path')).toBe('POST v2/models/m/classify');
  expect(watched.complaints).toEqual([]);
  await server.stop();
});

test('a golden picture without an expected response shows the reason', async () => {
  watched = await site.openEmpty();
  page = watched.page;
  const base64 = readFileSync(pictureOf('7.jpg'), 'base64');
  const example = {
    name: 'seven',
    picture: { file: '7.jpg', type: 'image/jpeg', base64 },
    omitted: 'its expected answer is too long',
  };
  await page.route('**/examples.json', (route) => route.fulfill({ json: { examples: [example], pictures: 'infer' } }));
  await page.goto(site.url);
  await page.locator('#picture-golden button').click();
  await status('Answered. its expected answer is too long.');
  expect(await page.locator('#omitted').isVisible()).toBe(false);
  expect(await page.locator('#picture-outputs thead').innerText()).not.toMatch(/expected/i);
  expect(watched.complaints).toEqual([]);
});

test('a model that accepts no pictures has no section for them', async () => {
  const server = await ServerProcess.start(identity('float', ['n']), { page: true });
  await open(server.url);
  expect(await page.getByRole('heading', { level: 2 }).allInnerTexts()).toEqual(['Signature', 'Try it']);
  expect(await page.locator('#picture').isVisible()).toBe(false);
  await server.stop();
});
