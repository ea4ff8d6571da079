import { ExporterFailure } from '@app/change';
import { describe, expect, it } from '@jest/globals';
import { disabledFamilies } from './selection.js';

const NAMES = [
  'litellm_total_spend',
  'litellm_tag_spend',
  'litellm_current_tpm',
  'litellm_current_rpm',
  'litellm_exporter_series',
  'nodejs_heap_size_used_bytes',
  'process_cpu_seconds_total',
];

function disabled(setting: string): string[] {
  const isDisabled = disabledFamilies(setting, NAMES);
  return NAMES.filter(isDisabled);
}

describe('METRICS_DISABLED', () => {
  it.each([
    ['', []],
    ['litellm_tag_spend', ['litellm_tag_spend']],
    [' litellm_current_* , litellm_tag_spend,', ['litellm_tag_spend', 'litellm_current_tpm', 'litellm_current_rpm']],
    ['*_spend', ['litellm_total_spend', 'litellm_tag_spend']],
    ['litellm_*', ['litellm_total_spend', 'litellm_tag_spend', 'litellm_current_tpm', 'litellm_current_rpm']],
    ['litellm_exporter_*,nodejs_*', ['litellm_exporter_series', 'nodejs_heap_size_used_bytes']],
  ])('%p switches off %p', (setting, names) => {
    expect(disabled(setting)).toEqual(names);
  });

  it('refuses a pattern that matches nothing, and names near ones', () => {
    const attempt = () => disabledFamilies('litellm_tags_spend', NAMES);
    expect(attempt).toThrow(ExporterFailure);
    try {
      attempt();
    } catch (error) {
      expect((error as ExporterFailure).kind).toBe('setting-invalid');
      expect((error as ExporterFailure).message).toBe('METRICS_DISABLED: "litellm_tags_spend" matches no metric');
      expect((error as ExporterFailure).remedy).toMatch(/near: litellm_tag_spend, /);
    }
  });

  it('takes every other character literally', () => {
    expect(() => disabledFamilies('litellm.tag_spend', NAMES)).toThrow(/matches no metric/);
    expect(() => disabledFamilies('litellm_(', NAMES)).toThrow(/matches no metric/);
  });
});
