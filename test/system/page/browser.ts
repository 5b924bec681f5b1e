import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PROGRAM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Switches without which Chromium contacts its vendor's hosts at every start. */
const QUIET = ['background-networking', 'component-update', 'sync', 'gpu', 'quic'].map((what) => `--disable-${what}`);

/** Starts Chromium. @param more Additional arguments of the browser */
export async function startBrowser(more: readonly string[] = []): Promise<Browser> {
  if (!existsSync(PROGRAM)) throw new Error(`no browser at ${PROGRAM}: install Chromium, or name one in CHROMIUM`);
  return chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox', '--no-first-run', ...QUIET, ...more] });
}

export const PHONE: BrowserContextOptions = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

/**
 * Page, and the problems that the browser reports on it: errors, refused requests, and violations of the content
 * security policy.
 */
export interface WatchedPage {
  readonly page: Page;
  readonly complaints: string[];
  /** URLs that the page requested. */
  readonly requests: string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`thrown: ${error.message}`));
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests };
}
