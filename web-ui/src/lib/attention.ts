// What stands and deserves a look beside the alarms: lines that are down, what is drained, and the findings of the plan in force.

import type { Severity, Snapshot } from './types';

export interface Note {
  key: string;
  severity: Severity;
  subject: string;
  text: string;
  help: string | null;
  /** What to show on the map, where it is there. */
  pick: { kind: 'link' | 'node' | 'service'; id: string } | null;
}

const RANK: Record<Severity, number> = { error: 0, major: 1, minor: 2, warning: 3, info: 4 };

/** Worst first; of equals in the order of lines that are down, findings, what is drained. */
export function notes(snapshot: Snapshot): Note[] {
  const links = new Set(snapshot.links.map((link) => link.id));
  const nodes = new Set(snapshot.nodes.map((node) => node.id));
  const services = new Set(snapshot.services.map((service) => service.id));
  const pick = (subject: string): Note['pick'] => {
    const id = subject.replace(/^(link|node) /, '');
    if (links.has(id)) return { kind: 'link', id };
    if (nodes.has(id)) return { kind: 'node', id };
    return services.has(id) ? { kind: 'service', id } : null;
  };
  const note = (key: string, severity: Severity, subject: string, text: string, help: string | null): Note => ({
    key,
    severity,
    subject: subject.replace(/^(link|node) /, ''),
    text,
    help,
    pick: pick(subject),
  });
  const down = snapshot.links
    .filter((link) => link.up === false)
    .map((link) => note(`down ${link.id}`, 'major', link.id, 'the line is down', null));
  const findings = snapshot.findings
    .filter((finding) => finding.severity !== 'info')
    .map((one, i) => note(`${one.code} ${one.subject} ${i}`, one.severity, one.subject, one.message, one.help));
  const drained = snapshot.drained.map((name) => note(`drained ${name}`, 'info', name, 'drained for maintenance', null));
  return [...down, ...findings, ...drained].sort((x, y) => RANK[x.severity] - RANK[y.severity]);
}
