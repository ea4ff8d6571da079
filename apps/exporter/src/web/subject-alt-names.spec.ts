import { describe, expect, it } from '@jest/globals';
import { canonical, subjectAltNames } from './subject-alt-names.js';

describe('names in a certificate', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['DNS:a.example, DNS:*.b.example', ['a.example', '*.b.example']],
    ['IP Address:10.0.0.1, IP Address:2001:DB8:0:0:0:0:0:1', ['10.0.0.1', '2001:db8::1']],
    ['email:me@a.example, URI:spiffe://cluster/ns/a', ['me@a.example', 'spiffe://cluster/ns/a']],
    ['DirName:CN = a, DNS:b', ['b']],
    // A name that holds a separator must not become two (CVE-2021-44532): Node.js writes it as a JSON text.
    ['DNS:"a.example, DNS:admin.example", DNS:c', ['a.example, DNS:admin.example', 'c']],
    ['DNS:"unfinished', []],
  ])('%s', (text, names) => {
    expect(subjectAltNames(text)).toEqual(names);
  });

  it('have one spelling', () => {
    expect(canonical('2001:DB8::0:1')).toBe('2001:db8::1');
    expect(canonical('A.example')).toBe('A.example');
  });
});
