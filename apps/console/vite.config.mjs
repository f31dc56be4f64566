import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm start` serves; only the development server asks it. */
const tower = process.env.TOWER_URL ?? 'http://127.0.0.1:8331';

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: '../../.cache/vite',
  plugins: [react()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    // An asset inside of a style sheet or script would be a `data:` address, which the policy of the pages refuses.
    assetsInlineLimit: 0,
    // The polyfill is a script inside of the page, which the policy refuses too; browsers of today need none.
    modulePreload: { polyfill: false },
    target: 'es2023',
    reportCompressedSize: false,
  },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': tower, '/openapi.json': tower, '/ws': { target: tower, ws: true } },
  },
});
