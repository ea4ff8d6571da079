import { describe, expect, it } from '@jest/globals';
import { hashSync } from 'bcryptjs';
import { PasswordCheck } from './password-check.js';

const users = new Map([
  ['alice', hashSync('one', 4)],
  ['bob', hashSync('two', 4)],
]);

describe('passwords', () => {
  it('are those of their own user', async () => {
    const check = new PasswordCheck();
    expect(await check.check(users, 'alice', 'one')).toBe('accepted');
    expect(await check.check(users, 'bob', 'two')).toBe('accepted');
    expect(await check.check(users, 'bob', 'one')).toBe('refused');
    expect(await check.check(new Map(), 'alice', 'one')).toBe('refused');
  });

  it('do not let in a user that does not exist, even with the password that stands in for it', async () => {
    const check = new PasswordCheck();
    expect(await check.check(users, 'carol', 'one')).toBe('refused');
    expect(await check.check(users, 'carol', 'one')).toBe('refused');
    expect(await check.check(users, '__proto__', 'one')).toBe('refused');
  });

  it('of a user who has got another one, or is gone, are refused though they are remembered', async () => {
    const check = new PasswordCheck();
    expect(await check.check(users, 'alice', 'one')).toBe('accepted');
    expect(await check.check(new Map([['alice', hashSync('new', 4)]]), 'alice', 'one')).toBe('refused');
    expect(await check.check(new Map([['bob', users.get('bob') as string]]), 'alice', 'one')).toBe('refused');
  });

  it('that come at once are compared once, and too many different ones are turned away', async () => {
    const check = new PasswordCheck();
    const same = await Promise.all(Array.from({ length: 200 }, () => check.check(users, 'alice', 'one')));
    expect(new Set(same)).toEqual(new Set(['accepted']));
    const guesses = Array.from({ length: 200 }, (_, index) => check.check(users, 'alice', `guess ${index}`));
    const verdicts = await Promise.all([...guesses, check.check(users, 'alice', 'one')]);
    expect(verdicts.filter((verdict) => verdict === 'busy')).toHaveLength(168);
    expect(verdicts.at(-1)).toBe('accepted');
  });
});
