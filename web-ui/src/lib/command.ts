// Asks the controller to do something. The token lives in this tab only and goes when the tab is closed.

import type { Mode } from './types';

const TOKEN = 'trunkline-token';
const USER = 'trunkline-user';

export class NeedsToken extends Error {}

export function rights(): { token: string; user: string } | null {
  const token = sessionStorage.getItem(TOKEN);
  return token ? { token, user: sessionStorage.getItem(USER) ?? '' } : null;
}

export function keepRights(token: string, user: string) {
  sessionStorage.setItem(TOKEN, token.trim());
  sessionStorage.setItem(USER, user.trim());
}

async function post(path: string, body: object): Promise<void> {
  const held = rights();
  if (!held) throw new NeedsToken('Changing something needs the controller’s token.');
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    authorization: `Bearer ${held.token}`,
  };
  // Header values are bytes: a name in any script goes as UTF-8.
  if (held.user) headers['x-trunkline-user'] = bytes(held.user);
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch {
    throw new Error('The controller cannot be reached: nothing was changed as far as this page knows.');
  }
  if (answer.ok) return;
  const problem = (await answer.json().catch(() => null)) as { detail?: string } | null;
  const detail = problem?.detail ?? `the controller answered ${answer.status}`;
  if (answer.status === 401) {
    sessionStorage.removeItem(TOKEN);
    throw new NeedsToken(`The token was not taken: ${detail}`);
  }
  throw new Error(detail);
}

/** Text as a string whose characters are its UTF-8 bytes. */
export function bytes(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join('');
}

export function setMode(mode: Mode, message: string): Promise<void> {
  return post('mode', { mode, message });
}
