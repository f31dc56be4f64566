import { dirname } from 'node:path';
import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusal } from '../http/refusals';
import { pathOf } from '../http/problem-answer';
import { sendStatic } from '../http/static-file';
import { openApiDocument } from './openapi';

/** Everything comes from here; nothing may be loaded from elsewhere. */
const pagePolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const swaggerFolder = dirname(require.resolve('swagger-ui-dist/package.json'));

/** What the page needs of that folder; nothing else of it is served. */
const assets: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'swagger-ui.css',
  'swagger-ui-bundle.js': 'swagger-ui-bundle.js',
  'favicon.png': 'favicon-32x32.png',
};

/** The interface as a document and as a page. */
@Controller()
export class DocsController {
  private readonly document = JSON.stringify(openApiDocument());

  @Get('/openapi.json')
  async getDocument(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('cache-control', 'no-cache').type('application/json').send(this.document);
  }

  @Get('/docs')
  async getDocs(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .headers({ 'content-security-policy': pagePolicy, 'cache-control': 'no-cache' })
      .type('text/html; charset=utf-8')
      .send(docsPage);
  }

  @Get('/docs/start.js')
  async getStart(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('cache-control', 'no-cache').type('text/javascript; charset=utf-8').send(startScript);
  }

  @Get('/docs/:asset')
  async getAsset(
    @Param('asset') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const asset = Object.hasOwn(assets, name) ? assets[name] : undefined;
    if (asset === undefined) throw refusal('route_not_found', `there is nothing at ${pathOf(request.raw.url)}`);
    await sendStatic(request, reply, swaggerFolder, asset);
  }
}

const head = (title: string, more = ''): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8">` +
  `<meta name="viewport" content="width=device-width, initial-scale=1">` +
  `<meta name="color-scheme" content="light dark"><title>${title}</title>` +
  `<link rel="icon" href="/docs/favicon.png">${more}</head>`;

const docsPage =
  head('Tower: interface', '<link rel="stylesheet" href="/docs/swagger-ui.css">') +
  '<body><div id="interface"></div><script src="/docs/swagger-ui-bundle.js"></script>' +
  '<script src="/docs/start.js"></script></body></html>';

const startScript =
  "SwaggerUIBundle({ url: '/openapi.json', dom_id: '#interface', deepLinking: true, validatorUrl: null });\n";
