import { RouteTable } from './route-table';

describe('RouteTable', () => {
  const table = new RouteTable();
  table.add('GET', '/jobs');
  table.add(['HEAD', 'POST'], '/jobs');
  table.add('GET', '/jobs/:id');
  table.add('POST', '/jobs/:id/cancel');
  table.add('GET', '/openapi.json');

  it.each([
    ['/jobs', ['GET', 'HEAD', 'POST']],
    ['/jobs/1', ['GET']],
    ['/jobs/1/cancel', ['POST']],
    ['/jobs/', []],
    ['/jobs/1/', []],
    ['/jobs/1/2', []],
    ['/openapi.json', ['GET']],
    ['/openapi-json', []],
    ['/', []],
  ])('knows at %j the methods %j', (path, methods) => {
    expect(table.methodsAt(path)).toEqual(methods);
  });
});
