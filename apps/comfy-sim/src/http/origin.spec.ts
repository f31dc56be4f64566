import { isOriginAllowed } from './origin';

describe('the origin rule', () => {
  it.each([
    ['127.0.0.1:8188', undefined, true],
    ['127.0.0.1:8188', 'http://evil.example', false],
    ['127.0.0.1:8188', 'http://127.0.0.1:8188', true],
    ['127.0.0.1:8188', 'http://127.0.0.1', true],
    ['127.0.0.1:8188', 'http://127.0.0.1:9999', false],
    ['127.0.0.1:8188', 'http://localhost:8188', false],
    ['127.0.0.1:8188', 'null', true],
    ['127.0.0.1:8188', 'file://', true],
    ['localhost:8188', 'http://localhost:8188', true],
    ['tower.lan:8188', 'http://evil.example', true],
    ['[::1]:8188', 'http://evil.example', false],
  ])('host %s with origin %s passes: %s', (host, origin, allowed) => {
    expect(isOriginAllowed(host, origin)).toBe(allowed);
  });
});
