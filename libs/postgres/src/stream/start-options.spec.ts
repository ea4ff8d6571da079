import { describe, expect, it } from '@jest/globals';
import { startOptions, startStatement, type Wal2JsonSource } from './start-options.js';

const asked = (source: Wal2JsonSource) => Object.fromEntries(startOptions(source));
const wanted = { schema: 'public', tables: ['LiteLLM_SpendLogs', 'LiteLLM_TeamTable'] };

describe('start options', () => {
  it('names mixed-case tables unquoted, because wal2json matches the quotes too', () => {
    expect(asked({ plugin: 'wal2json', wanted })['add-tables']).toBe(
      'public.LiteLLM_SpendLogs,public.LiteLLM_TeamTable',
    );
  });

  it('escapes what wal2json splits and matches at', () => {
    const odd = { schema: 'my schema', tables: ["a.b,c*d\\e'f"] };
    expect(asked({ plugin: 'wal2json', wanted: odd })['add-tables']).toBe("my\\ schema.a\\.b\\,c\\*d\\\\e\\'f");
  });

  it('asks for the whole schema less the other tables where spend logs are partitioned', () => {
    const partitions = { LiteLLM_SpendLogs: ['LiteLLM_SpendLogs_p20260101'] };
    const others = ['LiteLLM_SpendLogs_p20260101', 'LiteLLM_TeamTable', 'LiteLLM_SpendLogs_legacy', 'other'];
    const options = asked({ plugin: 'wal2json', wanted: { ...wanted, partitions }, others });
    expect(options['add-tables']).toBe('public.*');
    expect(options['filter-tables']).toBe('public.LiteLLM_SpendLogs_legacy,public.other');
  });

  it('refuses a message prefix that wal2json could not match', () => {
    expect(() => asked({ plugin: 'wal2json', wanted, messagePrefixes: ['a b'] })).toThrow(RangeError);
  });

  it('quotes publications, slot and values', () => {
    const options = startOptions({ plugin: 'pgoutput', publications: ['Mixed', `it's"odd`] });
    expect(startStatement('my_slot', '0/16B3748', options)).toBe(
      `START_REPLICATION SLOT "my_slot" LOGICAL 0/16B3748 ("proto_version" '1', "publication_names" '"Mixed","it''s""odd"', "messages" 'true')`,
    );
  });
});
