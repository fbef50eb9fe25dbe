// What happened, as a sentence, with the figures that prove it and the things that can be looked at.

import { count, millis, moment } from './format';
import { lineOf } from './load';
import type { Event, Finding, Severity } from './types';

export interface Entry {
  number: number;
  at: number;
  kind: Event['kind'];
  severity: Severity;
  text: string;
  /** Why, where the text does not say it. */
  why: string | null;
  /** Figures, short. */
  figures: string[];
  /** Lines or routers that it is about. */
  subject: string | null;
  services: string[];
  /** It tells that something bad is over, or that the controller helped. */
  good: boolean;
}

const PHASE = { make: 'new objects beside the old', move: 'traffic moves', break: 'old objects go' };

function first(findings: Finding[]): string {
  const [one, ...rest] = findings;
  if (!one) return 'no reason was given';
  return `${one.subject}: ${one.message}${rest.length > 0 ? ` (and ${rest.length} more)` : ''}`;
}

type Said = Partial<Entry> & { text: string };

function say(event: Event): Said {
  switch (event.kind) {
    case 'started': {
      const right = event.adopted ? '' : '; it only observes until the network is adopted';
      return { text: `Controller started with ${count(event.devices, 'router')}${right}` };
    }
    case 'device-up':
      return { text: `${event.node} answers and was read`, subject: event.node };
    case 'device-down':
      return { text: `${event.node} cannot be driven`, why: event.why, subject: event.node, severity: 'minor' };
    case 'source-up':
      return { text: `${event.source} tells of the network`, subject: event.source };
    case 'source-down':
      return {
        text: `${event.source} tells no more of the network; what it said stays`,
        why: event.why,
        subject: event.source,
        severity: 'warning',
      };
    case 'in-sync':
      return { text: `All ${event.devices} routers in sync`, figures: [millis(event.tookMs)], good: true };
    case 'adopted':
      return { text: `Network adopted by ${event.who}` };
    case 'excepted':
      return {
        text: `${count(event.objects, 'object')} accepted as held on ${event.nodes.join(', ')} by ${event.who}`,
        why: event.why,
        figures: event.until === null ? [] : [`until ${moment(event.until)}`],
        subject: event.nodes[0] ?? null,
      };
    case 'exception-ended':
      return {
        text: `Exception of ${event.who} on ${event.node} is over`,
        why: event.why,
        figures: event.objects.slice(0, 3),
        subject: event.node,
      };
    case 'mode-changed':
      return {
        text: `Mode set to ${event.mode} by ${event.who}`,
        severity: event.mode === 'act' ? 'info' : 'warning',
      };
    case 'drained':
      return {
        text: `${event.subject} ${event.drained ? 'drained' : 'in use again'}, asked by ${event.who}`,
        subject: event.subject,
      };
    case 'balanced':
      return {
        text:
          event.services.length === 0
            ? `${count(event.held, 'service')} ${event.back ? 'held no more' : 'held in place'}, asked by ${event.who}`
            : `${count(event.services.length, 'service')} ${event.back ? 'may go back onto' : 'moved off'} full links, asked by ${event.who}`,
        figures: [
          ...event.services.slice(0, 3),
          ...(event.held > 0 ? [`${event.held} ${event.back ? 'held no more' : 'held in place'}`] : []),
        ],
      };
    case 'window-opened':
      return { text: `Maintenance window ${event.window} is open`, why: event.why, figures: event.on };
    case 'window-closed':
      return { text: `Maintenance window ${event.window} is over`, why: event.why, good: true };
    case 'intents-accepted':
      return {
        text: `Revision ${event.revision} accepted from ${event.who}`,
        figures: [count(event.intents, 'intent'), count(event.services, 'service')],
      };
    case 'alarm-raised':
      return {
        text: `Alarm ${event.alarm} on ${event.subject}`,
        why: event.why,
        figures: event.services.length > 0 ? [`hits ${count(event.services.length, 'service')}`] : [],
        subject: lineOf(event.subject),
        services: event.services,
        severity: event.severity,
      };
    case 'alarm-cleared':
      return { text: `Alarm ${event.alarm} on ${event.subject} is over`, subject: lineOf(event.subject), good: true };
    default:
      return sayChange(event);
  }
}

function sayChange(event: Event): Said {
  switch (event.kind) {
    case 'promise-broken':
      return {
        text: `Promise of ${event.service} broken`,
        why: event.what,
        services: [event.service],
        severity: 'major',
      };
    case 'promise-kept':
      return { text: `Promise of ${event.service} kept again`, services: [event.service], good: true };
    case 'promise-unknown':
      return {
        text: `Promise of ${event.service} unknown`,
        why: event.why,
        services: [event.service],
        severity: 'warning',
      };
    case 'proposed':
      return {
        text: `${event.act ? 'Change proved' : 'Change proposed, not carried out'}: ${event.headline}`,
        why: event.why,
        figures: [
          `compile ${millis(event.compileMs)}`,
          `plan ${millis(event.planMs)}`,
          `prove ${millis(event.proveMs)}`,
          count(event.devices, 'router'),
        ],
        services: event.services,
      };
    case 'rejected':
      return { text: 'No change possible', why: `${event.why}: ${first(event.findings)}`, severity: 'major' };
    case 'transaction-begun':
      return {
        text: `Transaction ${event.id} begins: ${PHASE[event.phase]}`,
        figures: [count(event.devices, 'router')],
      };
    case 'transaction-ended':
      return sayEnding(event);
    case 'rerouted':
      return {
        text: event.back
          ? `${count(event.services.length, 'service')} back on the planned path`
          : `${count(event.services.length, 'service')} moved to a better path`,
        why: event.why,
        figures: event.back
          ? []
          : [`breach → plan ${millis(event.breachToPlanMs)}`, `breach → acknowledged ${millis(event.breachToAckMs)}`],
        services: event.services,
        good: true,
      };
    case 'wave-watched':
      return {
        text: `Wave ${event.wave} of ${event.of} done, looked at for ${Math.ceil(event.settleMs / 1000)} s before the next`,
        figures: [count(event.services.length, 'service'), count(event.devices, 'router')],
        services: event.services,
      };
    case 'wave-stopped':
      return {
        text: `Change stopped after wave ${event.wave} of ${event.of}, what stands of it is taken back`,
        why: event.why,
        severity: 'major',
      };
    case 'drift':
      return { text: 'Routers differ from what they should hold', why: first(event.findings), severity: 'minor' };
    case 'frozen':
      return {
        text: `${event.service} is not moved any more`,
        why: event.why,
        services: [event.service],
        severity: 'major',
      };
    case 'audit-broken':
      return { text: 'The audit log is not intact', why: event.why, severity: 'error' };
    case 'journal-failed':
      return {
        text: 'Journal cannot be written: nothing is changed until it can',
        why: event.why,
        severity: 'error',
      };
    default:
      // A newer controller may know kinds that this page does not: they are shown, not swallowed.
      return { text: (event as { kind: string }).kind.replaceAll('-', ' ') };
  }
}

function sayEnding(event: Extract<Event, { kind: 'transaction-ended' }>): Said {
  const errors = event.errors.length > 0 ? event.errors.join('; ') : null;
  const figures = [
    `commit ${millis(event.commitMs)}`,
    `read back ${millis(event.readbackMs)}`,
    `confirm ${millis(event.confirmMs)}`,
  ];
  if (event.ending === 'applied') return { text: `Transaction ${event.id} is on every router`, figures };
  if (event.ending === 'rolled-back') {
    return { text: `Transaction ${event.id} was rolled back`, why: errors, severity: 'minor' };
  }
  return {
    text: `Transaction ${event.id}: outcome unknown on ${event.unresolved.join(', ')}`,
    why: errors,
    severity: 'error',
  };
}

/** The entry of one event. */
export function entry(event: Event): Entry {
  return {
    number: event.number,
    at: event.at,
    kind: event.kind,
    severity: 'info',
    why: null,
    figures: [],
    subject: null,
    services: [],
    good: false,
    ...say(event),
  };
}

/** Newest first. Runs of the same small thing become one entry: 120 routers that answer are one piece of news. */
export function timeline(events: Event[]): Entry[] {
  const entries: Entry[] = [];
  let run: Event[] = [];
  const close = () => {
    const last = run.at(-1);
    if (!last) return;
    const told = entry(last);
    if (run.length > 1 && last.kind === 'device-up') {
      entries.push({ ...told, text: `${run.length} routers answer and were read`, subject: null });
    } else if (run.length > 1) {
      const services = run.flatMap((event) => entry(event).services);
      const word = last.kind === 'promise-kept' ? 'kept again' : last.kind === 'promise-broken' ? 'broken' : 'unknown';
      entries.push({ ...told, text: `${run.length} promises ${word}`, services });
    } else entries.push(told);
    run = [];
  };
  for (const event of events) {
    const folds = ['device-up', 'promise-kept', 'promise-broken', 'promise-unknown'].includes(event.kind);
    if (!folds || event.kind !== run.at(-1)?.kind) close();
    if (folds) run.push(event);
    else entries.push(entry(event));
  }
  close();
  return entries.reverse();
}
