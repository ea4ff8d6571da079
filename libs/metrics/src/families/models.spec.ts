import { describe, expect, it } from '@jest/globals';
import { FakeState, key, model, organization, team, user } from '../../../../test/support/fake-state.js';
import { samplesText } from '../../../../test/support/rendered-text.js';
import { availableModels, MODEL_FAMILIES } from './models.js';

describe('model families', () => {
  it('count the models that each entity may use', async () => {
    const state = new FakeState({
      entities: [
        model('1', { modelName: 'gpt-4o' }),
        model('2', { modelName: 'gpt-4o' }),
        user('u', { models: ['a', 'b', 'a'] }),
        user('none', { models: ['no-default-models', 'a'] }),
        team('t', { models: ['a', 'b', 'c'] }),
        team('open'),
        organization('o', { models: ['all-proxy-models', 'a'] }),
        key('listed', { models: ['a'] }),
        key('team', { models: ['all-team-models'], teamId: 't' }),
        key('teamless', { models: ['all-team-models'] }),
        key('unlisted'),
        key('ui', { models: ['a'], teamId: 'litellm-dashboard' }),
      ],
      series: {
        model_group: [
          [['gpt-4o'], 1],
          [['from-file'], 1],
        ],
      },
    });
    expect(await samplesText(MODEL_FAMILIES.slice(0, 1), state)).toBe(`# TYPE litellm_available_models gauge
litellm_available_models{entity_type="user",entity_id="u",entity_alias="none"} 2
litellm_available_models{entity_type="user",entity_id="none",entity_alias="none"} 0
litellm_available_models{entity_type="team",entity_id="t",entity_alias="none"} 3
litellm_available_models{entity_type="team",entity_id="open",entity_alias="none"} 2
litellm_available_models{entity_type="organization",entity_id="o",entity_alias="none"} 2
litellm_available_models{entity_type="key",entity_id="listed",entity_alias="none"} 1
litellm_available_models{entity_type="key",entity_id="team",entity_alias="none"} 3
litellm_available_models{entity_type="key",entity_id="teamless",entity_alias="none"} 2
`);
  });

  it.each([
    [['no-default-models', 'all-team-models'], 0],
    [['all-team-models', 'all-proxy-models'], 3],
    [['all-proxy-models', 'a'], 9],
    [[], 9],
    [['a', 'a', 'b', ''], 2],
    [[''], 0],
  ])('let special names win: %p gives %p', (models, count) => {
    expect(availableModels(models, 9, 3)).toBe(count);
  });

  it('tell models of the database and of traffic apart, a label without value left empty', async () => {
    const state = new FakeState({
      entities: [model('id-1', { modelName: 'gpt-4o', baseModel: 'azure/gpt-4o', mode: 'chat' })],
      series: {
        traffic_model: [
          [['id-1', 'gpt-4o', 'gpt-4o-2024', 'azure'], 4],
          [['', '', 'raw', ''], 1],
        ],
      },
    });
    expect(await samplesText(MODEL_FAMILIES.slice(1), state)).toBe(`# TYPE litellm_model_info gauge
litellm_model_info{model_id="id-1",model_name="gpt-4o",model="",provider="",base_model="azure/gpt-4o",mode="chat",source="db"} 1
litellm_model_info{model_id="id-1",model_name="gpt-4o",model="gpt-4o-2024",provider="azure",base_model="",mode="",source="traffic"} 1
litellm_model_info{model_id="",model_name="",model="raw",provider="",base_model="",mode="",source="traffic"} 1
`);
  });
});
