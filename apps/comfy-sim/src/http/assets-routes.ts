import { dict } from '../python/values';
import { json, type Reply } from './reply';
import type { Route } from './router';

const disabled = (): Reply => json(dict({
  error: dict({
    code: 'SERVICE_DISABLED', message: 'Assets system is disabled. Start the server with --enable-assets to use this feature.', details: dict({}),
  }),
}), 503);

/** 0.33 registers the asset routes and refuses them until it is started with --enable-assets, which is not simulated. */
export const assetsRoutes: readonly Route[] = [
  { method: 'GET', path: '/api/assets', where: 'bare', run: disabled },
  { method: 'POST', path: '/api/assets', where: 'bare', run: disabled },
  { method: 'GET', path: '/api/tags', where: 'bare', run: disabled },
];
