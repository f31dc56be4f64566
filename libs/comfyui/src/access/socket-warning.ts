/**
 * What a card's missing WebSocket means and what to do: for `/status`, `tower status` and `tower doctor` alike.
 * `complaint` says what is wrong with it, as in `cannot be had (Unexpected server response: 400)`.
 */
export const socketWarning = (name: string, complaint: string): string =>
  `${name} answers, but its WebSocket (/ws) ${complaint}: no progress is heard, ` +
  `and a hang is found only after an hour or more. ` +
  'If a proxy stands before it, let that pass HTTP/1.1 with the headers Upgrade and Connection.';
