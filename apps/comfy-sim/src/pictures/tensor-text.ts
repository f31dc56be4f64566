/** repr(tensor) of an IMAGE, as torch prints it into `current_inputs`: large ones with their edges only. */
const edgeItems = 3;
const summaryThreshold = 1000;

export function tensorText(shape: readonly [batch: number, height: number, width: number], pixel: readonly number[]): string {
  const whole = pixel.every(Number.isInteger);
  const last = `[${pixel.map((value) => (whole ? `${value}.` : value.toFixed(4))).join(', ')}]`;
  const count = shape.reduce((product, size) => product * size, pixel.length);
  return `tensor(${nested(shape, last, 'tensor('.length, count > summaryThreshold)})`;
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
