/** bigint columns arrive as text; seeds stay within the integers that JavaScript keeps exactly. */
export const exactInteger = { to: (value: number): number => value, from: (value: string): number => Number(value) };
