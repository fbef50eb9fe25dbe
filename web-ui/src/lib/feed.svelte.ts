// Keeps the picture up to date: opens the event stream, reads the whole picture, then follows what moves. When the
// controller cannot be reached it says so and since when, and tries again.

import { applyEvent, applyLive } from './merge';
import { Parser, type Message } from './sse';
import type { Event, Live, Snapshot } from './types';

/** The controller says something at least every five seconds; after so long without a word it counts as gone. */
const SILENCE_MS = 12_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5_000;

export type Contact = 'connecting' | 'live' | 'lost';

class Feed {
  /** The picture; null until the first one came. */
  snapshot = $state.raw<Snapshot | null>(null);
  contact = $state<Contact>('connecting');
  /** When contact was lost, milliseconds since the epoch. */
  lostSince = $state<number | null>(null);
  /** What went wrong last. */
  reason = $state('');
  /** When the picture last changed, by this machine's clock: the two clocks may differ. */
  movedAt = $state(Date.now());
  now = $state(Date.now());

  #stop = new AbortController();

  /** Follows the controller until the returned function is called. */
  start(): () => void {
    const ticking = setInterval(() => (this.now = Date.now()), 1_000);
    void this.#follow();
    return () => {
      clearInterval(ticking);
      this.#stop.abort();
    };
  }

  async #follow() {
    let pause = FIRST_PAUSE_MS;
    while (!this.#stop.signal.aborted) {
      try {
        await this.#session(() => (pause = FIRST_PAUSE_MS));
        this.#lose('it ended the stream');
      } catch (error) {
        this.#lose(error instanceof Error ? error.message : String(error));
      }
      await new Promise((done) => setTimeout(done, pause));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  #lose(reason: string) {
    this.reason = reason;
    this.contact = 'lost';
    this.lostSince ??= Date.now();
  }

  /** One connection, to its end. */
  async #session(connected: () => void) {
    const abort = new AbortController();
    const watchdog = new Watchdog(() => abort.abort(new Error(`it was silent for ${SILENCE_MS / 1_000} s`)));
    const stop = () => abort.abort(new Error('stopped'));
    this.#stop.signal.addEventListener('abort', stop);
    try {
      const stream = await fetch('/api/v1/events', { signal: abort.signal, cache: 'no-store' });
      if (!stream.ok || !stream.body) throw new Error(`it answered ${stream.status}`);
      // The whole picture is read after the stream is open: what happens in between is in one or the other.
      await this.#whole(abort.signal);
      this.contact = 'live';
      this.lostSince = null;
      connected();
      const parser = new Parser();
      const reader = stream.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        watchdog.heard();
        for (const message of parser.feed(value)) await this.#take(message, abort.signal);
      }
    } finally {
      watchdog.stop();
      this.#stop.signal.removeEventListener('abort', stop);
      abort.abort();
    }
  }

  async #whole(signal: AbortSignal) {
    const answer = await fetch('/api/v1/state', { signal, cache: 'no-store' });
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
    this.snapshot = (await answer.json()) as Snapshot;
    this.movedAt = Date.now();
  }

  async #take(message: Message, signal: AbortSignal) {
    const before = this.snapshot;
    if (!before) return;
    if (message.name === 'event') {
      this.snapshot = applyEvent(before, JSON.parse(message.data) as Event);
    } else if (message.name === 'live') {
      const after = applyLive(before, JSON.parse(message.data) as Live);
      if (after) this.snapshot = after;
      else await this.#whole(signal);
      this.movedAt = Date.now();
    }
  }
}

/** Barks when nothing was heard for too long. */
class Watchdog {
  #timer: ReturnType<typeof setTimeout> | undefined;
  constructor(readonly bark: () => void) {
    this.heard();
  }
  heard() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.bark, SILENCE_MS);
  }
  stop() {
    clearTimeout(this.#timer);
  }
}

export const feed = new Feed();
