import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openPage, startBrowser, type WatchedPage } from './browser';
import { serveDigits } from './digits';

/** What the tests of a file share: a browser, and a server of the digits example. */
export class Site {
  private browser?: Browser;
  private digits?: Awaited<ReturnType<typeof serveDigits>>;
  private opened: WatchedPage[] = [];

  constructor() {
    beforeAll(async () => {
      [this.browser, this.digits] = await Promise.all([startBrowser(), serveDigits()]);
    });
    afterAll(async () => {
      await Promise.all([this.browser?.close(), this.digits?.stop()]);
    });
    afterEach(async () => {
      await Promise.all(this.opened.splice(0).map(({ page }) => page.context().close()));
    });
  }

  /** Of the digits example. */
  get url(): string {
    return this.digits!.url;
  }

  /** A page without an address yet, until the test's end. */
  async openEmpty(options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await openPage(this.browser!, options);
    this.opened.push(watched);
    return watched;
  }

  /** The page of a server, once it shows its model. */
  async open(url: string, options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await this.openEmpty(options);
    await watched.page.goto(url);
    await watched.page.locator('#path').filter({ hasText: 'POST' }).waitFor();
    return watched;
  }
}
