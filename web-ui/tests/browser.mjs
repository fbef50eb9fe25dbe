// Opens Chromium for a test: a fresh profile, no network but loopback, and every error of the page is kept.

import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const SHOTS = fileURLToPath(new URL('../shots/', import.meta.url));

/** Opens a page at 1600x900. `errors` fills with what the page complains about, its security policy included. */
export async function open(url) {
  if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: run apt-get install chromium`);
  mkdirSync(SHOTS, { recursive: true });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  const page = await browser.newPage({ viewport: { width: 1600, height: 900 } });
  // A machine that is busy with other things needs more: BROWSER_TIMEOUT=120000.
  page.setDefaultTimeout(Number(process.env.BROWSER_TIMEOUT ?? 15_000));
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) errors.push(`asked a stranger: ${request.url()}`);
  });
  await page.goto(url, { timeout: 120_000 });
  return { browser, page, errors, shot: (name) => page.screenshot({ path: `${SHOTS}${name}.png` }) };
}
