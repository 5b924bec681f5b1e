import type { Browser, BrowserContextOptions } from 'playwright-core';
import { openPage, startBrowser, type WatchedPage } from './browser';
import { serveDigits } from './digits';

/** Browser, and a server of the digits example, which all tests of a file share. */
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

  /** URL of the digits example. */
  get url(): string {
    return this.digits!.url;
  }

  /** Opens an empty page, which is closed at the end of the test. */
  async openEmpty(options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await openPage(this.browser!, options);
    this.opened.push(watched);
    return watched;
  }

  /** Opens the page of a server, and waits until it shows the model. */
  async open(url: string, options?: BrowserContextOptions): Promise<WatchedPage> {
    const watched = await this.openEmpty(options);
    await watched.page.goto(url);
    await watched.page.locator('#path').filter({ hasText: 'POST' }).waitFor();
    return watched;
  }
}
