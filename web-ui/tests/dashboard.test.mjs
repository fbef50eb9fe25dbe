// The dashboard in a real browser, against the stand-in of the controller.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from '../mock/serve.mjs';
import { open } from './browser.mjs';

let mock;
let session;

before(async () => {
  mock = await start();
  session = await open(mock.url);
});

after(async () => {
  await session?.browser.close();
  await mock?.stop().catch(() => {});
});

/** Waits until a locator's text is as wanted. */
async function shows(locator, wanted) {
  await locator.filter({ hasText: wanted }).first().waitFor();
}

const link = (id) => session.page.locator(`[data-testid=link][data-id="${id}"]`);
const colour = (id) => link(id).evaluate((path) => getComputedStyle(path).stroke);

test('it opens and shows 120 routers and every line', async () => {
  const { page, shot } = session;
  await shows(page.getByTestId('router-count'), '120/120');
  await page.locator('[data-testid=node]').nth(119).waitFor();
  assert.equal(await page.locator('[data-testid=node]').count(), 120);
  assert.equal(await page.locator('[data-testid=link]').count(), mock.state.links.length);
  assert.ok(mock.state.links.length > 250);
  await shows(page.getByTestId('contact'), 'Live');
  await page.locator('path.land[d^=M]').waitFor();
  await shot('1-calm');
});

test('a line that goes bad changes its colour, breaks promises and raises an alarm, live', async () => {
  const { page, shot } = session;
  const bad = mock.state.services[0].directions[0].path.at(-1).link;
  assert.notEqual(await link(bad).getAttribute('data-band'), 'over');
  const before = await colour(bad);
  const hit = mock.degrade(bad);
  await page.locator(`[data-testid=link][data-id="${bad}"][data-band=over][data-alarm=true]`).waitFor();
  await page.waitForFunction(
    ([id, old]) => getComputedStyle(document.querySelector(`[data-testid=link][data-id="${id}"]`)).stroke !== old,
    [bad, before],
  );
  await shows(page.getByTestId('broken-count'), String(hit.length));
  await shows(page.getByTestId('alarm'), bad);
  await shows(page.getByTestId('alarm'), `hits ${hit.length} services, still on it`);
  assert.equal(await page.getByTestId('service-row').first().getAttribute('data-state'), 'broken');
  await page.getByTestId('alarm').first().click();
  await shows(page.getByTestId('details'), `Services over it (${hit.length})`);
  await shows(page.getByTestId('queues').first(), '120%');
  await shot('2-degraded');

  mock.reroute(bad, hit);
  await page.locator('[data-testid=timeline-entry][data-kind=rerouted]').waitFor();
  await shows(page.locator('[data-testid=timeline-entry][data-kind=rerouted]'), 'breach → acknowledged 97.4 ms');
  await shows(page.getByTestId('broken-count'), '0');
  await shows(page.getByTestId('alarm'), `hits ${hit.length} services, all are on another line now`);
  await page.getByTestId('service-row').filter({ hasText: 'moved' }).first().click();
  await page.locator('[data-testid=route] path.path').first().waitFor();
  await page.locator(`[data-testid=alarm-sign][data-id="${bad}"]`).waitFor();
  // Without its breathing the halo has its full strength, also beside a picked service.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const halo = page.locator(`path.halo[data-id="${bad}"]`);
  const strength = await halo.evaluate((path) => Number(getComputedStyle(path).strokeOpacity));
  assert.ok(strength >= 0.45, `the halo stands out beside a picked service: ${strength}`);
  assert.equal(await page.locator(`[data-testid=route] path.path[data-id="${bad}"]`).count(), 0);
  assert.ok((await page.locator('[data-testid=route] path.backup').count()) > 0, 'the backup is drawn');
  await shot('3-rerouted');
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  await page.keyboard.press('Escape');
  await page.getByTestId('details').waitFor({ state: 'detached' });
});

test('what is not known is shown as unknown, never as fine', async () => {
  const { page, shot } = session;
  const [quiet, cut] = ['line1', 'line2'].map((name) => mock.state.links.find((one) => one.id.startsWith(name)).id);
  mock.silence(quiet);
  mock.cut(cut);
  mock.lose(mock.state.nodes.at(-1).id);
  await page.locator(`[data-testid=link][data-id="${quiet}"][data-band=unknown]`).waitFor();
  await page.locator(`[data-testid=link][data-id="${cut}"][data-band=down]`).waitFor();
  await page.locator(`[data-testid=node][data-id="${mock.state.nodes.at(-1).id}"][data-session=down]`).waitFor();
  await shows(page.getByTestId('router-count'), '119/120');
  await shows(page.getByTestId('attention'), `${cut} the line is down`);
  const unknown = mock.state.counts.unknown;
  assert.ok(unknown > 0);
  await shows(page.getByTestId('unknown-count'), String(unknown));
  await page.getByTestId('filter-state').selectOption('unknown');
  assert.equal(await page.getByTestId('service-row').count(), unknown);
  await page.getByTestId('service-row').first().click();
  await shows(page.getByTestId('details'), 'delay unknown');
  await shot('4-unknown');
  await page.getByTestId('filter-state').selectOption('all');
  await page.keyboard.press('Escape');
});

test('a router that holds something else than it should is not in sync, and says what differs', async () => {
  const { page, shot } = session;
  const id = mock.state.nodes[0].id;
  mock.stray(id);
  await shows(page.getByTestId('router-count'), '118/120');
  await page.getByRole('tab', { name: 'Routers' }).click();
  // After the one that is down, before all that are in sync.
  await shows(page.getByTestId('router-row').nth(1), id);
  await shows(page.getByTestId('router-row').nth(1), '≠');
  await page.getByTestId('router-row').nth(1).click();
  await shows(page.getByTestId('details'), 'policy color 1000 to fd00:0:1::, missing');
  await shot('5-differs');
  await page.keyboard.press('Escape');
  await page.getByRole('tab', { name: 'Services' }).click();
});

test('the stop button asks once for the token and then stops', async () => {
  const { page, shot } = session;
  await page.getByTestId('stop').click();
  await page.getByTestId('token').fill('wrong');
  await page.getByTestId('token-send').click();
  await shows(page.getByTestId('token-dialog').getByRole('alert'), 'not the one of this controller');
  await shot('6-token');
  await page.getByTestId('token').fill(mock.token);
  await page.getByTestId('token-send').click();
  await shows(page.getByTestId('mode'), 'Stopped');
  assert.equal(mock.posts.length, 1);
  assert.equal(mock.posts[0].path, '/api/v1/mode');
  assert.equal(mock.posts[0].body.mode, 'observe');
  assert.equal(await page.evaluate(() => localStorage.length), 0, 'the token stays in the tab');
  await page.getByTestId('resume').click();
  await page.getByTestId('token-send').click();
  await shows(page.getByTestId('mode'), 'Acts by itself');
  await page.getByTestId('stop').click();
  await shows(page.getByTestId('mode'), 'Stopped');
  assert.deepEqual(
    mock.posts.map((post) => post.body.mode),
    ['observe', 'act', 'observe'],
  );
});

test('the page complains about nothing and asks nobody else', () => {
  // The one refused token above is an answer that the browser reports too.
  assert.deepEqual(
    session.errors.filter((error) => !error.includes('401')),
    [],
  );
});

test('a controller that goes away is said at once, and found again', async () => {
  const { page, shot } = session;
  const { port } = mock;
  await mock.stop();
  await shows(page.getByTestId('banner'), 'cannot be reached since');
  await shows(page.getByTestId('contact'), 'No contact');
  assert.match(await page.getByTestId('main').getAttribute('class'), /stale/);
  await shot('7-lost');
  mock = await start({ port });
  await page.getByTestId('banner').waitFor({ state: 'detached' });
  await shows(page.getByTestId('contact'), 'Live');
  await shows(page.getByTestId('router-count'), '120/120');
});
