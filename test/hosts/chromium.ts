import { existsSync } from 'node:fs';
import { npmKit } from './kit.ts';

/* Debian's Chromium. */

export const CHROMIUM = '/usr/bin/chromium';

/** Undefined where a part is missing: then its tests are skipped, loudly. */
export function chromiumKit(): PuppeteerNode | undefined {
  if (existsSync(CHROMIUM)) return npmKit<{ default: PuppeteerNode }>('puppeteer-core')?.default;
  if (process.env['EPR_STATIC_HOSTS'] === 'required') throw new Error(`${CHROMIUM} is missing`);
  process.stderr.write(`\nSKIPPED: pages in a browser: apt-get install chromium installs it.\n\n`);
  return undefined;
}

/** What the tests use of puppeteer-core. */
export interface PuppeteerNode {
  launch(options: { executablePath: string; args: string[] }): Promise<Browser>;
}

export interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Page {
  setViewport(size: { width: number; height: number }): Promise<void>;
  emulateMediaFeatures(features: { name: string; value: string }[]): Promise<void>;
  setJavaScriptEnabled(isEnabled: boolean): Promise<void>;
  on(event: 'request', use: (request: { url(): string }) => void): void;
  on(event: 'dialog', use: (dialog: { message(): string; dismiss(): Promise<void> }) => void): void;
  on(event: 'console', use: (message: { text(): string }) => void): void;
  on(event: 'pageerror', use: (error: unknown) => void): void;
  goto(url: string, options?: { waitUntil: 'networkidle0' }): Promise<unknown>;
  reload(options: { waitUntil: 'networkidle0' }): Promise<unknown>;
  createCDPSession(): Promise<{ send(method: string, parameters: object): Promise<unknown> }>;
  evaluate<Result>(code: string | (() => Result)): Promise<Awaited<Result>>;
  waitForFunction(isSo: () => boolean): Promise<unknown>;
  focus(selector: string): Promise<void>;
  readonly keyboard: { type(text: string): Promise<void> };
  url(): string;
  $(selector: string): Promise<{ isVisible(): Promise<boolean> } | null>;
  $$(selector: string): Promise<unknown[]>;
  $$eval<Result>(selector: string, use: (elements: Element[]) => Result): Promise<Result>;
  close(): Promise<void>;
}
