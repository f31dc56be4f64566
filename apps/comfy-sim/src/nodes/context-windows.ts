/** Windows of frames that a sampler goes over when a film is longer than a network can see. */
export interface ContextWindows {
  /** Frames of one window, and frames two neighbours share. */
  readonly length: number;
  readonly overlap: number;
  /** 1 for neighbouring frames; more adds windows of frames that lie 2, 4, … apart. */
  readonly stride: number;
  readonly schedule: 'looped' | 'uniform' | 'static' | 'batched';
  /** The last window goes on at the first frame. Only looped schedules can. */
  readonly closedLoop: boolean;
  /** Also slides when there are just as many frames as one window has. */
  readonly onEqualLength: boolean;
}

/** Windows that do not slide change nothing, whatever else they ask for. */
export function isSliding(windows: ContextWindows | undefined, frames: number): windows is ContextWindows {
  if (windows === undefined) return false;
  return frames > windows.length || (frames === windows.length && windows.onEqualLength);
}

export function closesLoop(windows: ContextWindows | undefined, frames: number): boolean {
  return isSliding(windows, frames) && windows.schedule === 'looped' && windows.closedLoop;
}

/** Passes of one step. A closed loop of 16 frames in windows of 12 that share 4 takes two: 0–11 and 8–15 with 0–3. */
export function windowCount(windows: ContextWindows | undefined, frames: number): number {
  if (!isSliding(windows, frames)) return 1;
  if (windows.schedule === 'batched') return Math.ceil(frames / windows.length);
  const step = Math.max(1, windows.length - windows.overlap);
  const open = Math.max(1, Math.ceil((frames - windows.overlap) / step));
  const once = windows.schedule === 'looped' && windows.closedLoop ? Math.ceil(frames / step) : open;
  if (windows.schedule === 'static') return once;
  const levels = Math.min(windows.stride, Math.ceil(Math.log2(frames / windows.length)) + 1);
  return Array.from({ length: Math.max(1, levels) }, (_, level) => Math.max(1, Math.ceil(once / 2 ** level))).reduce(
    (sum, count) => sum + count,
    0,
  );
}

/** Frames a pass works on at once. */
export const framesAtOnce = (windows: ContextWindows | undefined, frames: number): number =>
  isSliding(windows, frames) ? windows.length : frames;
