import { Controller, Get, Res } from '@nestjs/common';
import { apiPrefix } from '@tower/contracts';
import type { FastifyReply } from 'fastify';
import { refusal } from '../http/refusals';

@Controller()
export class FeedController {
  /** Whoever comes here without an upgrade is told what is missing. */
  @Get(['/ws', '/ws/jobs/:id', `${apiPrefix}/ws`, `${apiPrefix}/ws/jobs/:id`])
  explain(@Res() reply: FastifyReply): never {
    void reply.header('upgrade', 'websocket');
    throw refusal('upgrade_required', 'this address speaks WebSocket: connect with ws:// and not with http://');
  }
}
