import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
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
