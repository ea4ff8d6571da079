import { drawModels } from '../world/limits.js';
import { groupsOf, makeModelRow } from '../world/make-rows.js';
import { makeModel } from '../world/model-catalogue.js';
import { remove } from '../world/world.js';
import { did, drawOf, type Step, type StepContext, shown, withOne } from './step.js';

const MODELS = 'LiteLLM_ProxyModelTable';

async function add(context: StepContext): Promise<string> {
  const { world, random, writer, database } = context;
  const model = { ...makeModel(random, world.models.length), inDatabase: true };
  world.models.push(model);
  const row = makeModelRow(drawOf(context), model);
  await writer.insert(database, MODELS, [row]);
  return `model ${shown(row.model_name)} added`;
}

async function changeLists(context: StepContext): Promise<string> {
  const { world, random, writer, database } = context;
  const owners: readonly (readonly [table: string, key: object, row: { models: string[] }])[] = [
    ...world.keys.map((row) => ['LiteLLM_VerificationToken', { token: row.token }, row] as const),
    ...world.teams.map((row) => ['LiteLLM_TeamTable', { team_id: row.team_id }, row] as const),
    ...world.users.map((row) => ['LiteLLM_UserTable', { user_id: row.user_id }, row] as const),
    ...world.organizations.map(
      (row) => ['LiteLLM_OrganizationTable', { organization_id: row.organization_id }, row] as const,
    ),
  ];
  if (owners.length === 0 || world.models.length === 0) return 'nothing there to give models to';
  const [table, key, row] = random.pick(owners);
  row.models = drawModels(random, groupsOf(world), table === 'LiteLLM_VerificationToken');
  await writer.update(database, table, key, { models: row.models });
  return `${table} may now use ${JSON.stringify(row.models)}`;
}

/** What happens to models. */
export const modelSteps = {
  addModel: { weight: 1, run: async (context) => did(await add(context)) },
  /** The row goes; traffic to the model goes on from the config file. */
  deleteModel: {
    weight: 0.5,
    run: (context) =>
      withOne(context, context.world.modelRows, async (row) => {
        await context.writer.delete(context.database, MODELS, { model_id: row.model_id });
        remove(context.world.modelRows, row);
        return `model ${shown(row.model_name)} deleted`;
      }),
  },
  changeModels: { weight: 2, run: async (context) => did(await changeLists(context)) },
} satisfies Record<string, Step>;
