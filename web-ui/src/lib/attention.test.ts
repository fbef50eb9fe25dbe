import { expect, test } from 'vitest';
import { notes } from './attention';
import { link, node, service, snapshot } from './sample';
import type { Finding } from './types';

const finding = (part: Partial<Finding>): Finding => ({
  code: 'TL0060',
  severity: 'warning',
  subject: 'link one',
  message: 'is drained and the only backup of 2 services (a, b)',
  help: 'they have no backup from the moment it is taken down',
  ...part,
});

test('a quiet network has nothing to tell', () => {
  const quiet = snapshot({ links: [link('one'), link('unsure', { up: null })], findings: [finding({ severity: 'info' })] });
  expect(notes(quiet)).toEqual([]);
});

test('what is wrong comes first, and says what it is about', () => {
  const picture = snapshot({
    nodes: [node('r1')],
    links: [link('one'), link('cut', { up: false })],
    services: [service('pay')],
    drained: ['one'],
    findings: [finding({}), finding({ code: 'TL0062', severity: 'major', subject: 'pay', message: 'dropped' })],
  });
  expect(notes(picture).map(({ severity, subject, pick }) => [severity, subject, pick?.kind])).toEqual([
    ['major', 'cut', 'link'],
    ['major', 'pay', 'service'],
    ['warning', 'one', 'link'],
    ['info', 'one', 'link'],
  ]);
});

test('a thing that is not on the map can still be read', () => {
  const picture = snapshot({ findings: [finding({ subject: 'somewhere else' })] });
  expect(notes(picture)[0]).toMatchObject({ subject: 'somewhere else', pick: null });
});
