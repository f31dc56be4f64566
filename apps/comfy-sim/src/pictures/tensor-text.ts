/** repr(tensor), as torch prints it into `current_inputs`: large ones with their edges only. */
const edgeItems = 3;
const summaryThreshold = 1000;

export function tensorText(shape: readonly number[], row: readonly number[]): string {
  const whole = row.every(Number.isInteger);
  const summarise = shape.reduce((product, size) => product * size, row.length) > summaryThreshold;
  const cells = row.map((value) => (whole ? `${value}.` : value.toFixed(4)));
  const cut = summarise && cells.length > 2 * edgeItems;
  const last = `[${(cut ? [...cells.slice(0, edgeItems), ' ...', ...cells.slice(-edgeItems)] : cells).join(', ')}]`;
  return `tensor(${nested(shape, last, 'tensor('.length, summarise)})`;
}

function nested(shape: readonly number[], last: string, indent: number, summarise: boolean): string {
  const [size, ...rest] = shape;
  if (size === undefined) return last;
  const item = nested(rest, last, indent + 1, summarise);
  const cut = summarise && size > 2 * edgeItems;
  const edge = Array.from({ length: edgeItems }, () => item);
  const items = cut ? [...edge, '...', ...edge] : Array.from({ length: size }, () => item);
  return `[${items.join(`,${'\n'.repeat(rest.length + 1)}${' '.repeat(indent + 1)}`)}]`;
}
