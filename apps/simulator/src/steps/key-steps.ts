import { drawAlias, makeKey } from '../world/make-rows.js';
import type { KeyRow } from '../world/rows.js';
import { did, drawOf, type Step, type StepContext, shown, withOne } from './step.js';

const KEYS = 'LiteLLM_VerificationToken';
const DAY = 86_400_000;

async function change(context: StepContext, key: KeyRow, changes: Partial<KeyRow>): Promise<void> {
  await context.writer.update(context.database, KEYS, { token: key.token }, changes);
  Object.assign(key, changes);
}

async function rotate(context: StepContext, key: KeyRow): Promise<string> {
  const { database, writer, random, world, clock } = context;
  const old = key.token;
  const token = random.hex(64);
  const key_name = `sk-...${random.hex(4)}`;
  const grace = random.chance(0.7);
  await database.transaction(async (session) => {
    if (grace) {
      const revoke_at = clock.now() + DAY;
      const row = { id: random.uuid(), token: old, active_token_id: token, revoke_at };
      await writer.insert(session, 'LiteLLM_DeprecatedVerificationToken', [row]);
    }
    const rotated = { token, key_name, last_rotation_at: clock.now(), updated_by: 'rotation' };
    await writer.update(session, KEYS, { token: old }, rotated);
  });
  world.retire(old);
  key.token = token;
  key.key_name = key_name;
  return `key ${old.slice(0, 8)} became ${token.slice(0, 8)}${grace ? ', with a grace period' : ''}`;
}

async function destroy(context: StepContext, key: KeyRow): Promise<string> {
  const { database, writer, world } = context;
  const { token } = key;
  await database.transaction(async (session) => {
    await writer.archive(session, [KEYS, 'LiteLLM_DeletedVerificationToken'], { token });
    await writer.delete(session, KEYS, { token });
  });
  world.removeKey(key);
  return `key ${token.slice(0, 8)} deleted`;
}

async function create(context: StepContext): Promise<string> {
  const key = makeKey(drawOf(context), context.world.keys.length);
  await context.writer.insert(context.database, KEYS, [key]);
  return `key ${key.token.slice(0, 8)} made for user ${shown(key.user_id)}, team ${shown(key.team_id)}`;
}

/** What happens to virtual keys. */
export const keySteps = {
  createKey: { weight: 3, run: async (context) => did(await create(context)) },
  /** The primary key changes, and with some luck the old token stays valid for a day. */
  rotateKey: {
    weight: 4,
    run: (context) => withOne(context, context.world.programKeys, (key) => rotate(context, key)),
  },
  /** The row is copied to the archive and deleted: the stream names only its primary key. */
  deleteKey: {
    weight: 2,
    run: (context) => withOne(context, context.world.programKeys, (key) => destroy(context, key)),
  },
  renameKey: {
    weight: 3,
    run: (context) =>
      withOne(context, context.world.programKeys, async (key) => {
        const key_alias = drawAlias(context.random, `renamed-${context.random.integer(1, 999)}`);
        await change(context, key, { key_alias });
        return `key ${key.token.slice(0, 8)} renamed to ${shown(key_alias)}`;
      }),
  },
  blockKey: {
    weight: 2,
    run: (context) =>
      withOne(context, context.world.programKeys, async (key) => {
        const blocked = key.blocked === true ? context.random.pick([false, null]) : true;
        await change(context, key, { blocked });
        return `key ${key.token.slice(0, 8)} has blocked ${blocked}`;
      }),
  },
  /** An expiry that comes, goes or lies seconds ahead. */
  expireKey: {
    weight: 2,
    run: (context) =>
      withOne(context, context.world.programKeys, async (key) => {
        const ahead = context.random.pick([null, -1_000, 5_000, 60_000, 30 * DAY]);
        const expires = ahead === null ? null : context.clock.now() + ahead;
        await change(context, key, { expires });
        return `key ${key.token.slice(0, 8)} expires ${expires === null ? 'never' : new Date(expires).toISOString()}`;
      }),
  },
  /** The key goes to another owner; what it spent stays with it. */
  moveKey: {
    weight: 1,
    run: (context) =>
      withOne(context, context.world.programKeys, async (key) => {
        const { world, random } = context;
        const team_id = world.teams.length === 0 ? null : random.pick(world.teams).team_id;
        const user_id = world.users.length === 0 ? null : random.pick(world.users).user_id;
        await change(context, key, { team_id, user_id });
        return `key ${key.token.slice(0, 8)} given to user ${shown(user_id)}, team ${shown(team_id)}`;
      }),
  },
} satisfies Record<string, Step>;
