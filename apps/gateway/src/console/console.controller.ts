import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { towerVersion } from '@tower/kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../http/problem-answer';
import { refusal } from '../http/refusals';
import { sendStatic } from '../http/static-file';
import { consolePages } from './console-pages';

/** Folder of the built console. */
export const CONSOLE_FOLDER = Symbol('CONSOLE_FOLDER');

/**
 * Everything comes from here: no script or style inside of a page, nothing that is put together at run time. Pictures
 * may be read from a file that the person chose before it is sent (`blob:`).
 */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
  "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What the build puts there; its names have a hash of what is in the file, and so never change what they mean. */
const assetForm = /^[\w.-]+\.(js|css|svg|png|webp|woff2)$/;
const compressedTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const yearMs = 365 * 24 * 60 * 60 * 1000;

/** The console: one page at each of its addresses, and the files that it is made of. */
@Controller()
export class ConsoleController {
  constructor(@Inject(CONSOLE_FOLDER) private readonly folder: string) {}

  @Get([...consolePages])
  async getPage(@Res() reply: FastifyReply): Promise<void> {
    const page = join(this.folder, 'index.html');
    const html = existsSync(page) ? await readFile(page, 'utf8') : notBuilt;
    await reply.header('content-security-policy', pagePolicy).type('text/html; charset=utf-8').send(html);
  }

  @Get('/assets/:name')
  async getAsset(
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const folder = join(this.folder, 'assets');
    if (!assetForm.test(name) || !existsSync(join(folder, name)))
      throw refusal('route_not_found', `there is nothing at ${pathOf(request.raw.url)}`);
    const type = compressedTypes[extname(name)];
    const isCompressed =
      type !== undefined &&
      /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) &&
      existsSync(join(folder, `${name}.gz`));
    void reply.header('vary', 'accept-encoding');
    const kept = { maxAge: yearMs, immutable: true };
    if (!isCompressed) await sendStatic(request, reply, folder, name, kept);
    else
      await sendStatic(request, reply, folder, `${name}.gz`, kept, {
        'content-encoding': 'gzip',
        'content-type': type,
      });
  }
}

const notBuilt =
  '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
  '<meta name="viewport" content="width=device-width, initial-scale=1">' +
  `<meta name="color-scheme" content="light dark"><title>Tower</title></head><body><h1>Tower ${towerVersion}</h1>` +
  '<p>The console is not built here. <code>npm start</code> builds it; so does <code>npm run console</code>.</p>' +
  '<ul><li><a href="/docs">The interface, described</a> (<a href="/openapi.json">OpenAPI 3.1</a>)</li>' +
  '<li><a href="/status">How everything is</a></li>' +
  '<li><a href="/health">Whether every part is ready</a></li></ul></body></html>';
