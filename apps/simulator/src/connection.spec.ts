import { describe, expect, it } from '@jest/globals';
import { connectionSettings } from './connection.js';

describe('the way to the database', () => {
  it("is that of the exporter's settings", () => {
    const env = {
      LITELLM_DB_HOST: 'db',
      LITELLM_DB_PORT: '5433',
      LITELLM_DB_PASSWORD: 'secret',
      LITELLM_DB_SCHEMA: 's',
    };
    expect(connectionSettings(env, undefined)).toMatchObject({
      client: { host: 'db', port: 5433, database: 'litellm', user: 'postgres', password: 'secret', ssl: false },
      schema: 's',
      shown: 'postgres@db:5433/litellm',
    });
  });

  it('is the URL of the command line in place of all of them', () => {
    const { client, schema } = connectionSettings({ LITELLM_DB_HOST: 'db' }, 'postgresql://me:pw@other/x?schema=y');
    expect([client.host, client.database, client.user, schema]).toEqual(['other', 'x', 'me', 'y']);
  });

  it('does not mind settings of the exporter that are none of its business', () => {
    expect(connectionSettings({ METRICS_PORT: 'wrong' }, undefined).schema).toBe('public');
  });

  it('names a setting that is wrong', () => {
    expect(() => connectionSettings({ LITELLM_DB_PORT: 'x' }, undefined)).toThrow('LITELLM_DB_PORT');
  });

  it('checks the name of the server only where that is asked for', () => {
    const ssl = (mode: string): unknown => connectionSettings({ LITELLM_DB_SSLMODE: mode }, undefined).client.ssl;
    expect(ssl('disable')).toBe(false);
    expect(ssl('require')).toMatchObject({ rejectUnauthorized: false });
    expect(ssl('verify-full')).toEqual({ rejectUnauthorized: true });
  });
});
