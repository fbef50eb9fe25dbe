// Numbers as people read them. Unknown is said, never drawn as zero.

export const UNKNOWN = 'unknown';

/** Three significant digits, without trailing zeros. */
function digits(value: number): string {
  if (value >= 100) return Math.round(value).toString();
  return String(Number(value.toPrecision(3)));
}

export function rate(bits: number | null): string {
  if (bits === null) return UNKNOWN;
  for (const [scale, unit] of [
    [1e12, 'Tbps'],
    [1e9, 'Gbps'],
    [1e6, 'Mbps'],
    [1e3, 'kbps'],
  ] as const) {
    if (bits >= scale) return `${digits(bits / scale)} ${unit}`;
  }
  return `${bits} bps`;
}

export function delay(micros: number | null): string {
  if (micros === null) return UNKNOWN;
  if (micros >= 1_000_000) return `${digits(micros / 1_000_000)} s`;
  if (micros >= 1_000) return `${digits(micros / 1_000)} ms`;
  return `${micros} µs`;
}

/** Loss in 1e-9 as percent, with two significant digits: it is an estimate. */
export function loss(nanos: number | null): string {
  if (nanos === null) return UNKNOWN;
  if (nanos === 0) return '0%';
  const percent = nanos / 1e7;
  return percent < 0.001 ? '<0.001%' : `${Number(percent.toPrecision(2))}%`;
}

export function percent(share: number | null): string {
  return share === null ? UNKNOWN : `${Math.round(share * 100)}%`;
}

export function millis(ms: number): string {
  return ms >= 1_000 ? `${digits(ms / 1_000)} s` : `${digits(ms)} ms`;
}

/** A time of day from microseconds since the epoch, in the viewer's time zone. */
export function clock(micros: number): string {
  return new Date(micros / 1_000).toLocaleTimeString('en-GB', { hour12: false });
}

/** A day and time from microseconds since the epoch, in the viewer's time zone. */
export function moment(micros: number): string {
  return new Date(micros / 1_000).toLocaleString('en-GB', { hour12: false });
}

/** How long, in the two largest units that matter. */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ${Math.floor((s % 3_600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3_600)} h`;
}

export function count(number: number, noun: string): string {
  return number === 1 ? `1 ${noun}` : `${number} ${noun}s`;
}
