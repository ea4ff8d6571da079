import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server[Symbol.asyncDispose]());

it('scrapes that look for news beside commits never take the state away from its writer', async () => {
  await using deployment = new RedisDeployment(server);
  const store = deployment.store({ options: { tuning: { foldInterval: 5 } } });
  const maker = new StepMaker();
  await store.open();
  await store.claim(maker.epoch);
  await store.replace(maker.generation());
  const { state } = store;
  let writing = true;
  const scrape = async (): Promise<void> => {
    while (writing) await store.refresh();
  };
  const scrapes = [scrape(), scrape(), scrape()];
  for (let step = 0; step < 500; step++) {
    await store.commit(maker.step({ rows: [{ kind: 'requests', key: step % 5, age: 0, sum: 0 }] }));
  }
  writing = false;
  await Promise.all(scrapes);
  expect(store.state).toBe(state);
  expect(contentOf(store.state)).toEqual(contentOf(maker.state));
}, 30_000);

it('W3: a step that waits for a scrape is not read anew instead, though the log has let it go meanwhile', async () => {
  await using deployment = new RedisDeployment(server);
  const tuning = { foldInterval: 3_600_000, keepLog: 0, keepLogBytes: 0 };
  const store = deployment.store({ options: { tuning } });
  const maker = new StepMaker();
  await store.open();
  await store.claim(maker.epoch);
  await store.replace(maker.generation());
  const { state } = store;
  const release = state?.hold();
  const step = maker.step();
  const committed = store.commit(step);
  await awaitUntil(async () => {
    const found = await deployment.client.hget(deployment.key('meta'), 'version');
    return Number(found) === step.record.version;
  });
  await store.fold();
  const refreshed = store.refresh();
  // Time enough to read all of a state this small.
  for (let turn = 0; turn < 200; turn++) await deployment.client.ping();
  release?.();
  await Promise.all([committed, refreshed]);
  expect(store.state).toBe(state);
  await store.commit(maker.step());
  expect(contentOf(store.state)).toEqual(contentOf(maker.state));
}, 30_000);
