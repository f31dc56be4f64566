/** Numbers and times as people say them. */

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** `42 s`, `3 min`, `1 h 20 min`, `2 d 4 h`; never more exact than is worth reading. */
export function durationOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 100) return `${whole} s`;
  if (whole < hour) return `${Math.round(whole / minute)} min`;
  if (whole < day) {
    const minutes = Math.round((whole % hour) / minute);
    return minutes === 0 || minutes === 60
      ? `${Math.round(whole / hour)} h`
      : `${Math.floor(whole / hour)} h ${minutes} min`;
  }
  const hours = Math.round((whole % day) / hour);
  return hours === 0 || hours === 24 ? `${Math.round(whole / day)} d` : `${Math.floor(whole / day)} d ${hours} h`;
}

/** `12–20 s`; the unit once where both ends have the same. */
export function rangeOf(low: number, high: number): string {
  const [from, to] = [durationOf(low), durationOf(high)];
  if (from === to) return from;
  const unit = / (s|min|h|d)$/;
  const [fromUnit, toUnit] = [unit.exec(from)?.[0], unit.exec(to)?.[0]];
  const isPlain = from.split(' ').length === 2 && to.split(' ').length === 2;
  return isPlain && fromUnit === toUnit ? `${from.replace(unit, '')}–${to}` : `${from} – ${to}`;
}

/** `1.4 GiB`, of mebibytes as the interface counts video memory. */
export const memoryOf = (mebibytes: number): string =>
  mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;

/** `812 KiB`, `3.2 GiB` */
export function bytesOf(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${units[power]}`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** `14:05` today, `3 Dec, 14:05` on another day. */
export function clockOf(at: string | number, nowMs: number): string {
  const time = new Date(at);
  return (time.toDateString() === new Date(nowMs).toDateString() ? clock : dayAndClock).format(time);
}

/** `12 s ago` */
export const agoOf = (at: string, nowMs: number): string => {
  const seconds = (nowMs - Date.parse(at)) / 1000;
  return seconds < 5 ? 'just now' : `${durationOf(seconds)} ago`;
};

/** `1 job`, `3 jobs` */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : many}`;

interface Estimate {
  readonly finish_at: string | null;
  readonly remaining_seconds: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly basis: string;
}

/**
 * When something will be ready, in three parts: `in 3 min`, at what time with which interval, and on what that rests.
 * `soon` is null where no end is known.
 */
export function readyWords(
  { finish_at, remaining_seconds, low, high, basis }: Estimate,
  nowMs: number,
): { soon: string | null; when: string | null; basis: string } {
  if (finish_at === null || remaining_seconds === null)
    return { soon: null, when: low === null ? null : `not before ${durationOf(low)}`, basis };
  const left = (Date.parse(finish_at) - nowMs) / 1000;
  if (left < -1) return { soon: 'any moment', when: `was expected at ${clockOf(finish_at, nowMs)}`, basis };
  const spread = low === null || high === null ? null : [low - remaining_seconds, high - remaining_seconds];
  const range = spread === null ? '' : `, ${rangeOf(Math.max(0, left + (spread[0] ?? 0)), left + (spread[1] ?? 0))}`;
  return { soon: `in ${durationOf(left)}`, when: `at ${clockOf(finish_at, nowMs)}${range}`, basis };
}
