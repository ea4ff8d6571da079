import { describe, expect, it } from '@jest/globals';
import { ExporterFailure, isFailure } from './failure.js';

describe('ExporterFailure', () => {
  it('explains itself with remedy and place in the documentation, a line each', () => {
    const failure = new ExporterFailure({
      kind: 'wal-level',
      message: 'wal_level is replica, logical is needed',
      remedy: 'ALTER SYSTEM SET wal_level = logical, then restart PostgreSQL',
      section: '#wal_level',
    });
    expect(failure.explain()).toBe(
      'wal_level is replica, logical is needed\n' +
        '  remedy: ALTER SYSTEM SET wal_level = logical, then restart PostgreSQL\n' +
        '  see:    POSTGRES_SETUP.md#wal_level',
    );
  });

  it('says several remedies below each other', () => {
    const failure = new ExporterFailure({ kind: 'wal-level', message: 'two things', remedy: 'do this\ndo that' });
    expect(failure.explain()).toBe('two things\n  remedy: do this\n          do that');
  });

  it('explains itself with the message alone where nothing else is known', () => {
    expect(new ExporterFailure({ kind: 'fenced', message: 'a newer writer took over' }).explain()).toBe(
      'a newer writer took over',
    );
  });

  it('explains several that were met at once one after the other, each with its own remedy and place', () => {
    const role = new ExporterFailure({
      kind: 'privilege-missing',
      message: 'role "a" may not read "LiteLLM_TeamTable"',
      remedy: 'GRANT USAGE;\nGRANT SELECT;',
      section: '#role',
    });
    const wal = new ExporterFailure({ kind: 'wal-level', message: 'wal_level is replica', section: '#wal_level' });
    const both = new ExporterFailure({ kind: role.kind, message: 'both', parts: [role, wal] });
    expect(both.explain()).toBe(
      'role "a" may not read "LiteLLM_TeamTable"\n' +
        '  remedy: GRANT USAGE;\n' +
        '          GRANT SELECT;\n' +
        '  see:    POSTGRES_SETUP.md#role\n' +
        'wal_level is replica\n' +
        '  see:    POSTGRES_SETUP.md#wal_level',
    );
  });

  it('keeps its cause, and has none where none was given', () => {
    const cause = new Error('ECONNREFUSED');
    expect(new ExporterFailure({ kind: 'connection-refused', message: 'no server', cause }).cause).toBe(cause);
    expect('cause' in new ExporterFailure({ kind: 'connection-refused', message: 'no server' })).toBe(false);
  });

  it('is told by its kind, never by its text', () => {
    const failure = new ExporterFailure({ kind: 'slot-lost', message: 'slot-missing' });
    expect(isFailure(failure, 'slot-lost')).toBe(true);
    expect(isFailure(failure, 'slot-missing')).toBe(false);
    expect(isFailure(new Error('slot-lost'), 'slot-lost')).toBe(false);
    expect(isFailure(undefined, 'slot-lost')).toBe(false);
  });

  it('is an Error with a name of its own and a stack', () => {
    const failure = new ExporterFailure({ kind: 'fenced', message: 'm' });
    expect(failure).toBeInstanceOf(Error);
    expect(failure.name).toBe('ExporterFailure');
    expect(failure.stack).toContain('failure.spec');
  });
});
