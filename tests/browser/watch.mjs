// Watches a running demonstration in Chromium: all routers are there, and the re-route is seen while it happens.
// node watch.mjs URL ROUTERS LINE TOKEN-FILE: at the end it presses the stop button and lets the controller act again. Ends with the
// line `done`; screenshots go to tests/shots.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { open } from '../../web-ui/tests/browser.mjs';

const [url, routers, line, tokenFile] = process.argv.slice(2);
const shots = fileURLToPath(new URL('../shots/', import.meta.url));
mkdirSync(shots, { recursive: true });
const { browser, page, errors } = await open(url);
const shot = (name) => page.screenshot({ path: `${shots}${name}.png` });
const branch = line.split('--')[1];

/** Waits until a locator's text is as wanted. */
const shows = (locator, wanted, timeout) => locator.filter({ hasText: wanted }).first().waitFor({ timeout });

try {
  await shows(page.getByTestId('contact'), 'Live');
  await shows(page.getByTestId('router-count'), `${routers}/${routers}`);
  await page.locator('[data-testid=node]').nth(routers - 1).waitFor();
  assert.equal(await page.locator('[data-testid=node]').count(), Number(routers));
  await shows(page.getByTestId('broken-count'), '0');

  await page.getByTestId('filter').fill(branch);
  await page.getByTestId('service-row').filter({ hasText: 'production' }).first().click();
  await page.locator('[data-testid=route] path.path').first().waitFor();
  const over = page.locator(`[data-testid=route] path.path[data-id="${line}"]`);
  assert.ok((await over.count()) > 0, `the service of ${branch} goes over ${line} at first`);
  const moved = page.locator('[data-testid=timeline-entry][data-kind=rerouted]');
  assert.equal(await moved.count(), 0, 'nothing has moved before the line goes bad');
  await shot('demo-1-calm');

  await page.locator(`[data-testid=link][data-id="${line}"][data-alarm=true]`).waitFor({ state: 'attached', timeout: 30_000 });
  await shows(page.getByTestId('alarm'), line);
  await shot('demo-2-alarm');
  await moved.first().waitFor({ timeout: 30_000 });
  await over.first().waitFor({ state: 'detached' });
  await shows(page.getByTestId('broken-count'), '0');
  await shot('demo-3-rerouted');

  await page.getByTestId('stop').click();
  await page.getByTestId('token').fill(readFileSync(tokenFile, 'utf8').trim());
  await page.getByTestId('token-send').click();
  await shows(page.getByTestId('mode'), 'Stopped');
  await shot('demo-4-stopped');
  await page.getByTestId('resume').click();
  await page.getByTestId('token-send').click();
  await shows(page.getByTestId('mode'), 'Acts by itself');
  assert.deepEqual(errors, []);
  console.log('done');
} catch (error) {
  await shot('demo-failed').catch(() => {});
  throw error;
} finally {
  await browser.close();
}
