/** Seconds as exactly as a person needs them. */
export function secondsText(seconds: number): string {
  if (seconds < 180) return `${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(seconds / 3600).toFixed(1)} h`;
}
