/** How torch prints: set for the whole process, by any node. */
export interface TensorPrinting {
  /** Items at each end of what is cut. */
  edgeItems: number;
}

export const standardPrinting: Readonly<TensorPrinting> = { edgeItems: 3 };
const summaryThreshold = 1000;

/** repr(tensor), as torch prints it into `current_inputs`: large ones with their edges only. */
export function tensorText(
  shape: readonly number[],
  row: readonly number[],
  { edgeItems }: Readonly<TensorPrinting> = standardPrinting,
): string {
  const whole = row.every(Number.isInteger);
  const summarise = shape.reduce((product, size) => product * size, row.length) > summaryThreshold;
  const cells = row.map((value) => (whole ? `${value}.` : value.toFixed(4)));
  const cut = summarise && cells.length > 2 * edgeItems;
  const last = `[${(cut ? [...cells.slice(0, edgeItems), ' ...', ...cells.slice(-edgeItems)] : cells).join(', ')}]`;
  return `tensor(${nested(shape, last, 'tensor('.length, summarise, edgeItems)})`;
}

function nested(shape: readonly number[], last: string, indent: number, summarise: boolean, edgeItems: number): string {
  const [size, ...rest] = shape;
  if (size === undefined) return last;
  const item = nested(rest, last, indent + 1, summarise, edgeItems);
  const cut = summarise && size > 2 * edgeItems;
  const edge = Array.from({ length: edgeItems }, () => item);
  const items = cut ? [...edge, '...', ...edge] : Array.from({ length: size }, () => item);
  return `[${items.join(`,${'\n'.repeat(rest.length + 1)}${' '.repeat(indent + 1)}`)}]`;
}
