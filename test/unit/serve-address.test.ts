import { expect, test } from 'vitest';
import { addressOf, parseAddress, urlOf } from '../../src/commands/serve/address.ts';

test.each([
  ['localhost:8080', { host: 'localhost', port: 8080 }],
  ['0.0.0.0:443', { host: '0.0.0.0', port: 443 }],
  ['[::1]:8080', { host: '::1', port: 8080 }],
  [':0', { host: undefined, port: 0 }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(['', '8080', 'localhost', 'localhost:', 'localhost:65536', '::1:8080', '[::1]', 'http://a:80', 'a b:1'])(
  '%j is none',
  (text) => {
    expect(() => parseAddress(text)).toThrow('Write it as HOST:PORT');
  },
);

test('a host and a port of their own count more than an address', () => {
  const address = parseAddress(':81');
  expect(addressOf({})).toEqual({ host: 'localhost', port: 8080 });
  expect(addressOf({ address })).toEqual({ host: undefined, port: 81 });
  expect(addressOf({ address, port: 0 })).toEqual({ host: undefined, port: 0 });
  expect(addressOf({ address, host: 'a' })).toEqual({ host: 'a', port: 81 });
});

test('URLs', () => {
  expect(urlOf('http', { host: undefined, port: 80 })).toBe('http://localhost:80');
  expect(urlOf('https', { host: '::1', port: 80 })).toBe('https://[::1]:80');
});
