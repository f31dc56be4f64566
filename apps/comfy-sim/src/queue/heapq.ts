/** Python's heapq on a plain array: `queue_pending` shows the array as it lies, so the algorithm must be the same. */
type Less<T> = (a: T, b: T) => boolean;

/**
 * When `less` throws, the item is already in the array: that is how the real server queues a prompt it answers with
 * 500.
 */
export function heappush<T>(heap: T[], item: T, less: Less<T>): void {
  heap.push(item);
  siftDown(heap, 0, heap.length - 1, less);
}

export function heappop<T>(heap: T[], less: Less<T>): T {
  const last = heap.pop();
  if (last === undefined) throw new RangeError('index out of range');
  if (heap.length === 0) return last;
  const first = heap[0] as T;
  heap[0] = last;
  siftUp(heap, 0, less);
  return first;
}

export function heapify<T>(heap: T[], less: Less<T>): void {
  for (let index = Math.floor(heap.length / 2) - 1; index >= 0; index -= 1) siftUp(heap, index, less);
}

// Both swap step by step as CPython's C code does, so that a comparison that throws leaves every item in the array.
function siftDown<T>(heap: T[], start: number, from: number, less: Less<T>): void {
  for (let at = from; at > start;) {
    const parent = (at - 1) >> 1;
    if (!less(heap[at] as T, heap[parent] as T)) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftUp<T>(heap: T[], from: number, less: Less<T>): void {
  let at = from;
  for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
    if (child + 1 < heap.length && !less(heap[child] as T, heap[child + 1] as T)) child += 1;
    swap(heap, at, child);
    at = child;
  }
  siftDown(heap, from, at, less);
}

function swap<T>(heap: T[], a: number, b: number): void {
  const item = heap[a] as T;
  heap[a] = heap[b] as T;
  heap[b] = item;
}
