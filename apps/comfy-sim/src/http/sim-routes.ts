import { z } from 'zod';
import { faultKinds, parseFaultOrRandom, type Fault, type Faults, type RandomFaults } from '../faults/faults';
import { text, type Reply } from './reply';
import type { Route } from './router';

const defined = (fault: object): object =>
  Object.fromEntries(Object.entries(fault).filter(([, value]) => value !== undefined));
const faultSchema = z.union([
  z.string().transform((line) => parseFaultOrRandom(line)),
  z
    .strictObject({
      kind: z.enum(faultKinds),
      node: z.string().optional(),
      tick: z.number().int().positive().optional(),
      times: z.number().int().positive().optional(),
      ms: z.number().optional(),
      factor: z.number().positive().optional(),
      amount: z.number().nonnegative().optional(),
      word: z.string().optional(),
    })
    .transform((fault) => defined(fault) as Fault),
  z
    .strictObject({
      kind: z.literal('random'),
      seed: z.number().int().nonnegative(),
      rate: z.number().min(0).max(1),
      kinds: z.array(z.enum(faultKinds)).optional(),
    })
    .transform((fault) => defined(fault) as RandomFaults),
]);
const bodySchema = z.strictObject({
  /** Cleared first: everything, or one kind. */
  clear: z.union([z.literal(true), z.enum([...faultKinds, 'random'])]).optional(),
  add: z.array(faultSchema).optional(),
});

/** The side door: routes no ComfyUI has, so a client that needs them is not a client of ComfyUI. */
export function simRoutes(faults: Faults, state: () => Record<string, unknown>): Route[] {
  return [
    { method: 'GET', path: '/sim/state', where: 'bare', run: () => plain(200, state()) },
    { method: 'GET', path: '/sim/faults', where: 'bare', run: () => plain(200, { faults: faults.list() }) },
    {
      method: 'POST',
      path: '/sim/faults',
      where: 'bare',
      run: async (exchange) => {
        const parsed = readBody((await exchange.bytes()).toString('utf8'));
        if (typeof parsed === 'string') return text(400, parsed);
        if (parsed.clear !== undefined) faults.clear(parsed.clear === true ? undefined : parsed.clear);
        for (const fault of parsed.add ?? []) faults.arm(fault);
        return plain(200, { faults: faults.list() });
      },
    },
  ];
}

/** The complaint when it is no good. */
function readBody(body: string): z.infer<typeof bodySchema> | string {
  try {
    const result = bodySchema.safeParse(JSON.parse(body));
    return result.success ? result.data : z.prettifyError(result.error);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const plain = (status: number, value: unknown): Reply => ({
  status,
  headers: { 'Content-Type': 'application/json; charset=utf-8' },
  body: Buffer.from(JSON.stringify(value), 'utf8'),
});
