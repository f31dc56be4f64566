import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiPrefix, refusalsOf, routes, type RouteDefinition } from '@tower/contracts';
import { doors } from '../gateway.module';
import { unboundRoutes } from '../http/endpoint';
import { openApiDocument } from './openapi';

const document = openApiDocument();
const operationOf = (route: RouteDefinition) =>
  document.paths?.[apiPrefix + route.path]?.[route.method.toLowerCase() as 'get'];

describe('the OpenAPI document', () => {
  it('is the one that is checked in; after a change run: node apps/gateway/dist/write-openapi.js', () => {
    const checkedIn: unknown = JSON.parse(readFileSync(join(__dirname, '..', '..', 'openapi.json'), 'utf8'));
    expect(JSON.parse(JSON.stringify(document))).toEqual(checkedIn);
  });

  it('promises nothing that nobody answers', () => {
    expect(doors.length).toBeGreaterThan(0);
    expect(unboundRoutes(routes)).toEqual([]);
  });

  it.each(Object.entries<RouteDefinition>(routes))(
    'says of %s which statuses it may have, and problems for all that are not good',
    (_name, route) => {
      const responses = operationOf(route)?.responses ?? {};
      expect(
        Object.keys(responses)
          .map(Number)
          .sort((a, b) => a - b),
      ).toEqual([route.status, ...refusalsOf(route)].sort((a, b) => a - b));
    },
  );

  it('refuses unknown fields in every body and query', () => {
    for (const route of Object.values<RouteDefinition>(routes)) {
      for (const schema of [route.body, route.query])
        if (schema !== undefined) expect(schema.safeParse({ no_such_field: 1 }).success).toBe(false);
    }
  });

  it('shows examples that the schemas take', () => {
    for (const route of Object.values<RouteDefinition>(routes))
      for (const example of Object.values(route.examples ?? {}))
        expect(route.body?.safeParse(example).error).toBeUndefined();
  });

  it('links only to routes that there are', () => {
    for (const route of Object.values<RouteDefinition>(routes))
      for (const name of Object.keys(route.links ?? {})) expect(Object.keys(routes)).toContain(name);
  });
});
