import { ExporterFailure } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { awaitUntil } from '../../../test/support/await-until.js';
import { FakePostgres } from '../../../test/support/fake-postgres.js';
import { outlivingStore } from '../../../test/support/faulty-store.js';
import { counted, givenPipeline, spend } from '../../../test/support/given-pipeline.js';

const MIGRATED = 'spend_logs.request_id spend_logs.status team@2 team.team_id@1 team.soft_budget@7';

describe('the supervisor and changed tables', () => {
  it('W5: a column that appears while a stream is open leads to one new seed, in words, without a restart', async () => {
    const server = new FakePostgres();
    server.commit([spend()]);
    await using pipeline = givenPipeline(server, { store: outlivingStore(), updateInterval: 10 });
    await pipeline.streaming();
    server.schema = { ...server.schema, words: MIGRATED };
    await pipeline.streaming(2);
    expect(counted(pipeline.state, 'seeds', 'schema_changed')).toBe(1);
    expect(pipeline.told.lines).toContainEqual(
      expect.stringContaining('column "soft_budget" of "LiteLLM_TeamTable" is new'),
    );
    server.commit([spend()]);
    await pipeline.caughtUp();
    expect(pipeline.upstream.sessions).toHaveLength(2);
  });

  it('W5: a change while nobody was connected leads to a new seed too, and an unchanged one does not', async () => {
    const server = new FakePostgres();
    const store = outlivingStore();
    {
      await using pipeline = givenPipeline(server, { store });
      await pipeline.streaming();
    }
    {
      await using pipeline = givenPipeline(server, { store });
      await pipeline.streaming();
      expect(counted(pipeline.state, 'seeds', 'schema_changed')).toBe(0);
    }
    server.schema = { ...server.schema, words: MIGRATED };
    await using pipeline = givenPipeline(server, { store });
    await pipeline.streaming();
    expect(counted(pipeline.state, 'seeds', 'schema_changed')).toBe(1);
  });

  it('W5: rows that a publication of others did not carry for a while are made up for by a new seed', async () => {
    const server = new FakePostgres();
    await using pipeline = givenPipeline(server, { store: outlivingStore(), updateInterval: 10 });
    await pipeline.streaming();
    server.schemaFailure = new ExporterFailure({ kind: 'publication-incomplete', message: 'it lacks a table' });
    await awaitUntil(() => pipeline.told.lines.filter((line) => line.includes('it lacks a table')).length > 1);
    server.schemaFailure = null;
    await pipeline.streaming(2);
    expect(counted(pipeline.state, 'seeds', 'schema_changed')).toBe(1);
  });
});
