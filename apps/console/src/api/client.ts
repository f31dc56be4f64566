import createClient from 'openapi-fetch';
import type { paths } from './schema';

/** The interface as its document describes it; the page comes from the same address. */
export const api = createClient<paths>({ baseUrl: '/' });

/** A key under which a create may be repeated without being done twice. */
export const newIdempotencyKey = (): string => crypto.randomUUID();
