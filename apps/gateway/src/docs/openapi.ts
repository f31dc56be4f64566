import { apiPrefix, problem, refusalsOf, routes, type RouteDefinition } from '@tower/contracts';
import { towerVersion } from '@tower/kit';
import { z } from 'zod';
import {
  createDocument,
  type ZodOpenApiContentObject,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
} from 'zod-openapi';

type Document = ReturnType<typeof createDocument>;

const tags: readonly { name: string; description: string }[] = [
  { name: 'system', description: 'How everything is' },
  { name: 'workflows', description: 'What can be made, and which card can make it' },
  { name: 'projects', description: 'What people want made' },
  { name: 'characters', description: 'Who must stay recognisable' },
  { name: 'jobs', description: 'Pictures that were asked for, and how far they are' },
  { name: 'gpus', description: 'The cards: what they do, have and come to next, and who else uses them' },
  { name: 'queue', description: 'The line as a whole' },
  { name: 'artifacts', description: 'Files that jobs produced' },
  { name: 'uploads', description: 'Files that people sent, for jobs to work from' },
];

const about =
  "Tower's public interface.\n\n" +
  'Refusals are problems (RFC 9457) with a stable `code`. ' +
  'Lists take `limit` and the `next_cursor` of the page before as `cursor`.\n' +
  'Creates accept `Idempotency-Key`: a repeat with the same body gets the first answer, ' +
  'another body is refused with 409. When a create fails with 5xx it may\n' +
  'have been done all the same (`outcome_unknown` says so): ' +
  'repeat it with the `idempotency_key` of the problem as `Idempotency-Key`, and it is done once.\n' +
  'Unknown fields are refused. Of what is wrong with a request the first 50 fields are named in `errors`; ' +
  '`errors_omitted` counts the others.\n' +
  '`X-Correlation-Id` is taken when it is a UUID, otherwise chosen, and comes back in every answer.\n\n' +
  'State changes and progress arrive over websockets: `/ws?since=<seq>` for everything, ' +
  '`/ws/jobs/{id}?since=<job_seq>` for one job. Messages are\n' +
  '`hello`, `event`, `caught_up`, `progress`, `preview`, `subscribed` and `error`; ' +
  'events are never lost across reconnects, progress and previews are best effort. Previews (`{job_id, attempt_id, ' +
  'gpu, step, total_steps, media_type, image}`, base64) come to who says ' +
  '`{"type":"subscribe","topic":"previews"}`, with a `job_id` for one job alone.';

/** What each refusal means here. */
const meanings: Readonly<Record<number, string>> = {
  400: 'The request is not valid',
  403: 'Refused: another site asks, or the door is not known under this name',
  404: 'There is no such thing',
  405: 'Another method is needed; see Allow',
  408: 'The request took too long to arrive',
  409: 'Not possible in the present state, or the Idempotency-Key was used with another body',
  410: 'The file is not in the library any more',
  413: 'The body is larger than 1 MB (1,000,000 bytes), or too large for the services behind; or an upload is larger than it may be',
  414: 'The address is too long',
  415: 'The body is not JSON; or an upload is no picture and no film that is taken',
  416: 'The file has no such part',
  422: 'The file has too many pixels, or does not decode to its end',
  429: 'More is asked than can be done now; see Retry-After',
  431: 'The headers are too large',
  500: 'Something went wrong on our side',
  503: 'Not available right now; see Retry-After',
};

const problemMedia = 'application/problem+json';

/** One object each, because the document refers to an answer by its identity. */
const problemAnswers = new Map<number, ZodOpenApiResponseObject>(
  Object.entries(meanings).map(([status, description]) => [
    Number(status),
    { id: `Problem${status}`, description, content: { [problemMedia]: { schema: problem } } },
  ]),
);
const notModified: ZodOpenApiResponseObject = { id: 'NotModified', description: 'Not changed since' };

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/)
  .optional()
  .meta({ description: 'Opaque; a repeat with the same key and body gets the first answer', example: 'order-2031' });

/**
 * The OpenAPI 3.1 document of the routes. It is made from what the door itself parses and checks with, so it cannot say
 * anything else.
 */
export function openApiDocument(): Document {
  const paths: NonNullable<ZodOpenApiObject['paths']> = {};
  for (const [name, route] of Object.entries<RouteDefinition>(routes)) {
    const path = apiPrefix + route.path;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(name, route) };
  }
  return createDocument({
    openapi: '3.1.0',
    info: { title: 'Tower', version: towerVersion, description: about },
    servers: [{ url: '/' }],
    tags: [...tags],
    paths,
  });
}

function operationOf(name: string, route: RouteDefinition): ZodOpenApiOperationObject {
  const aliases = (route.aliases ?? []).map(
    (alias) => `\`${alias.startsWith('root:') ? alias.slice('root:'.length) : apiPrefix + alias}\``,
  );
  const description = [route.description, aliases.length > 0 ? `Also at ${aliases.join(', ')}.` : undefined]
    .filter((part) => part !== undefined)
    .join('\n\n');
  return {
    operationId: name,
    tags: [route.tag],
    summary: route.summary,
    ...(description === '' ? {} : { description }),
    requestParams: {
      ...(route.params === undefined ? {} : { path: route.params }),
      ...(route.query === undefined ? {} : { query: route.query }),
      ...(route.idempotent ? { header: z.object({ 'Idempotency-Key': idempotencyKey }) } : {}),
    },
    ...(route.file === undefined ? {} : { requestBody: { required: true, content: fileContent(route.file) } }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: !route.bodyOptional,
            content: { 'application/json': { schema: route.body, ...examplesOf(route) } },
          },
        }),
    responses: {
      [route.status]: goodAnswer(route),
      ...Object.fromEntries(refusalsOf(route).map((status) => [status, otherAnswer(route, status)])),
    },
  };
}

const bytes = { type: 'string', contentEncoding: 'binary' } as const;

const bytesContent = (mediaTypes: readonly string[]) =>
  Object.fromEntries(mediaTypes.map((type) => [type, { schema: bytes }]));

/** A file as it is, or as the one field of a form. */
const fileContent = (mediaTypes: readonly string[]): ZodOpenApiContentObject => ({
  ...bytesContent([...mediaTypes, 'application/octet-stream']),
  'multipart/form-data': {
    schema: { type: 'object', required: ['file'], additionalProperties: false, properties: { file: bytes } },
  },
});

const goodAnswer = (route: RouteDefinition): ZodOpenApiResponseObject =>
  'bytes' in route.response
    ? {
        description: 'The file',
        content: bytesContent(route.response.bytes),
        headers: z.object({ ETag: z.string(), 'Accept-Ranges': z.literal('bytes') }),
      }
    : { description: route.summary, content: { 'application/json': { schema: route.response } }, ...linksOf(route) };

const examplesOf = ({ examples = {} }: RouteDefinition) =>
  Object.keys(examples).length === 0
    ? {}
    : { examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])) };

const linksOf = ({ links = {} }: RouteDefinition) =>
  Object.keys(links).length === 0
    ? {}
    : {
        links: Object.fromEntries(
          Object.entries(links).map(([operationId, parameters]) => [operationId, { operationId, parameters }]),
        ),
      };

function otherAnswer(route: RouteDefinition, status: number): ZodOpenApiResponseObject {
  if (status === 304) return notModified;
  if (status === 206 && 'bytes' in route.response)
    return {
      description: 'The part that was asked for',
      content: bytesContent(route.response.bytes),
      headers: z.object({ 'Content-Range': z.string() }),
    };
  const special = route.problems?.[status];
  if (special !== undefined)
    return { description: meanings[status] ?? '', content: { [problemMedia]: { schema: special } } };
  const answer = problemAnswers.get(status);
  if (answer === undefined) throw new Error(`nobody said what status ${status} means`);
  return answer;
}
