import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { localHosts } from '../../../lib/base/local-hosts';
import { identity } from '../../support/onnx-builder';
import { floats } from '../../support/requests';
import { ServerProcess } from '../../support/server';
import { belowPath } from './below-a-path';
import { openPage, startBrowser } from './browser';

/** Script to run in a page: sends a request, and returns the answer or reports that the browser refused the request. */
const READ = `async ([url, init]) => {
  try {
    const reply = await fetch(url, init);
    return reply.type === 'opaque' ? 'opaque' : reply.status + ' ' + (await reply.text()).slice(0, 200);
  } catch (error) {
    return 'refused by the browser';
  }
}`;

const body = JSON.stringify(floats(1));
const JSON_TYPE = { 'content-type': 'application/json' };

let browser: Browser;
let server: ServerProcess;
let foreign: Server;
let allowed: Server;
const others: Server[] = [];
beforeAll(async () => {
  browser = await startBrowser();
  [foreign, allowed] = [await site(), await site()];
  server = await ServerProcess.start(identity('float', ['n']), {
    page: true,
    allowedOrigins: [originOf(allowed)],
    allowedHosts: localHosts('127.0.0.1'),
  });
});
afterAll(async () => {
  await browser.close();
  for (const each of others) each.close();
});

/** Starts a web site with one empty page. */
function site(): Promise<Server> {
  return listening(createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('page')));
}

async function listening(created: Server): Promise<Server> {
  others.push(created);
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve));
  return created;
}

function originOf(each: Server): string {
  return `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
}

async function open(url: string): Promise<Page> {
  const { page } = await openPage(browser);
  await page.goto(url);
  return page;
}

const fetchFrom = (page: Page, url: string, init: object = {}) =>
  page.evaluate(`(${READ})(${JSON.stringify([url, init])})`) as Promise<string>;

const runs = () => server.series('inference_run_duration_seconds_count');

test.each<[string, string, object]>([
  ['a request that scripts may send to any origin', 'refused by the browser', { method: 'POST', body }],
  ['a request that needs a preflight', 'refused by the browser', { method: 'POST', body, headers: JSON_TYPE }],
  ['a request whose answer it cannot read', 'opaque', { method: 'POST', body, mode: 'no-cors' }],
])('a page of another origin can neither run the model nor read answers: %s', async (_, seen, init) => {
  const page = await open(originOf(foreign));
  const before = await runs();
  for (const host of ['127.0.0.1', 'localhost']) {
    const url = server.url.replace('127.0.0.1', host);
    expect(await fetchFrom(page, `${url}/v2/models/m/infer`, init)).toBe(seen);
  }
  expect(await runs()).toBe(before);
});

test('a form of another origin cannot run the model', async () => {
  const page = await open(originOf(foreign));
  const before = await runs();
  await page.setContent(
    `<form method="post" enctype="text/plain" action="${server.url}/v2/models/m/infer">` +
      `<input name='${body.slice(0, -1)},"x":"' value='"}'></form>`,
  );
  const reply = page.waitForResponse(/infer$/);
  await page.evaluate('document.forms[0].submit()');
  expect((await reply).status()).toBe(403);
  expect(await runs()).toBe(before);
});

test('a page whose domain resolves to this machine is refused', async () => {
  const { port } = new URL(server.url);
  const rebound = await startBrowser(['--host-resolver-rules=MAP evil.example 127.0.0.1']);
  const { page } = await openPage(rebound);
  const reply = await page.goto(`http://evil.example:${port}/`);
  expect([reply!.status(), await reply!.text()]).toEqual([403, expect.stringContaining('evil.example')]);
  await rebound.close();
});

test('a link on another site opens the page, and the page works', async () => {
  const page = await open(originOf(foreign));
  await page.setContent(`<a href="${server.url}/">the model</a>`);
  await page.click('a');
  await page.waitForURL(`${server.url}/`);
  expect(await fetchFrom(page, 'v2/models/m/infer', { method: 'POST', body })).toMatch(/^200 .*"outputs"/);
});

test('the page works through kubectl port-forward', async () => {
  const forwarded = await belowPath('', server.url);
  const page = await open(`${forwarded.url}/`);
  expect(await fetchFrom(page, 'v2/models/m/infer', { method: 'POST', body })).toMatch(/^200 .*"outputs"/);
  forwarded.close();
});

test('a page of an allowed origin can read answers, including errors', async () => {
  const page = await open(originOf(allowed));
  const url = `${server.url}/v2/models/m/infer`;
  for (const headers of [{}, JSON_TYPE]) {
    expect(await fetchFrom(page, url, { method: 'POST', body, headers })).toMatch(/^200 .*"outputs"/);
    expect(await fetchFrom(page, url, { method: 'POST', body: '{', headers })).toMatch(/^400 .*"error"/);
  }
});
