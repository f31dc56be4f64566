/**
 * Addresses that the console's own router knows, as Fastify writes them; each is answered with the one page, so that a
 * link into the console can be kept, sent and read anew. Everything else stays an answer of the interface.
 */
export const consolePages = [
  '/',
  '/jobs/:id',
  '/cards',
  '/make',
  '/library',
  '/library/:id',
  '/compare',
  '/projects',
  '/characters',
  '/system',
] as const;
