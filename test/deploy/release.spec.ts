import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { chartOfVersion, dockerfileOfVersion } from '../../scripts/release/version-files.mjs';
import { VERSION } from './chart.js';
import { ScratchRepository } from './scratch-repository.js';
import { describeWith } from './tools.js';

/** On a busy machine a release takes a minute: it renders manifests and the chart's README. */
const MINUTES = 5 * 60_000;
const [major = 0, minor = 0, patch = 0] = VERSION.split('.').map(Number);

describeWith(['helm', 'helm-docs'], 'npm run release:… in a scratch clone with a bare remote', () => {
  let scratch: ScratchRepository;

  beforeAll(() => {
    scratch = new ScratchRepository();
  }, MINUTES);
  afterAll(() => scratch?.[Symbol.dispose]());

  const versions = () => {
    const lock = JSON.parse(scratch.read('package-lock.json'));
    const chart = parse(scratch.read('helm/litellm-exporter/Chart.yaml'));
    return new Set([
      JSON.parse(scratch.read('package.json')).version,
      lock.version,
      lock.packages[''].version,
      chart.version,
      chart.appVersion,
      /image: \S+:(\S+)/.exec(chart.annotations['artifacthub.io/images'])?.[1],
      /BUILD_VERSION=(\S+)/.exec(scratch.read('Dockerfile'))?.[1],
      /app.kubernetes.io\/version: "?([\d.]+)/.exec(scratch.read('k8s/litellm-exporter.yaml'))?.[1],
    ]);
  };
  /** The section of a version, without those before and after. */
  const section = (version: string) =>
    scratch
      .read('CHANGELOG.md')
      .split(/^## /m)
      .find((text) => text.startsWith(`[${version}]`)) ?? '';
  const pushed = (ref: string) => scratch.git('--git-dir', scratch.remote, 'rev-parse', ref);

  it(
    'refuses a tree with changes that are not committed, and says so',
    () => {
      scratch.append('README.md', 'dirty\n');
      expect(scratch.run('release:patch')).toMatchObject({
        ok: false,
        text: expect.stringContaining('Working dir must be clean'),
      });
      scratch.git('checkout', '--quiet', '.');
    },
    MINUTES,
  );

  it(
    'refuses another branch than main, and says so',
    () => {
      scratch.git('checkout', '--quiet', '-b', 'feature');
      expect(scratch.run('release:patch')).toMatchObject({
        ok: false,
        text: expect.stringContaining('Must be on branch main'),
      });
      scratch.git('checkout', '--quiet', 'main');
      expect(versions()).toEqual(new Set([VERSION]));
      expect(scratch.git('tag')).toBe('');
    },
    MINUTES,
  );

  it.each([
    [
      'release:patch',
      `${major}.${minor}.${patch + 1}`,
      'fix(store): a wound is healed',
      '### Fixed\n\n- **store**: a wound is healed',
    ],
    [
      'release:minor',
      `${major}.${minor + 1}.0`,
      'feat(metrics): a new family',
      '### Added\n\n- **metrics**: a new family',
    ],
    [
      'release:major',
      `${major + 1}.0.0`,
      'feat(metrics)!: one family is renamed\n\nBREAKING CHANGE: litellm_old is litellm_new from now on',
      '### Breaking changes\n\n- **metrics**: one family is renamed. litellm_old is litellm_new from now on',
    ],
  ])(
    '%s makes, tags and pushes %s, with its changes in CHANGELOG.md',
    (script, version, message, entry) => {
      scratch.commit(message);
      scratch.commit('test: nobody is told of this');
      expect(scratch.run(script)).toEqual({ ok: true, text: expect.stringContaining('RELEASE_WITHOUT_CI=1') });

      expect(versions()).toEqual(new Set([version]));
      expect(section(version)).toMatch(/^\[[\d.]+\] - \d{4}-\d\d-\d\d\n/);
      expect(section(version)).toContain(entry);
      expect(section(version)).not.toMatch(/nobody is told|chore|release\)/);
      const changes = parse(scratch.read('helm/litellm-exporter/Chart.yaml')).annotations['artifacthub.io/changes'];
      expect(parse(changes)).toHaveLength(1);

      expect(scratch.git('log', '-1', '--format=%s')).toBe(`chore(release): v${version}`);
      expect(scratch.git('status', '--porcelain')).toBe('');
      expect(pushed('main')).toBe(scratch.git('rev-parse', 'HEAD'));
      expect(pushed(`v${version}^{commit}`)).toBe(scratch.git('rev-parse', 'HEAD'));
      expect(scratch.git('cat-file', '-t', `v${version}`)).toBe('tag');
    },
    MINUTES,
  );

  it('leaves the newest on top, and a link for each version', () => {
    const text = scratch.read('CHANGELOG.md');
    const heads = [...text.matchAll(/^## \[([\d.]+)\]/gm)].map((match) => match[1]);
    expect(heads).toEqual([`${major + 1}.0.0`, `${major}.${minor + 1}.0`, `${major}.${minor}.${patch + 1}`]);
    for (const version of heads) expect(text).toMatch(new RegExp(`^\\[${version}\\]: https://`, 'm'));
  });

  it(
    'takes commit and tag back where the remote refuses the push',
    () => {
      const before = scratch.git('rev-parse', 'HEAD');
      scratch.git('clone', '--quiet', scratch.remote, `${scratch.directory}-other`);
      scratch.git(
        '-C',
        `${scratch.directory}-other`,
        'commit',
        '--quiet',
        '--allow-empty',
        '--message',
        'fix: by somebody else',
      );
      scratch.git('-C', `${scratch.directory}-other`, 'push', '--quiet');
      const tags = scratch.git('tag');
      scratch.commit('fix: ours');
      expect(scratch.run('release:patch')).toMatchObject({
        ok: false,
        text: expect.stringMatching(/rejected|fetch first/),
      });
      expect(scratch.git('rev-parse', 'HEAD~1')).toBe(before);
      expect(scratch.git('tag')).toBe(tags);
      expect(scratch.git('--git-dir', scratch.remote, 'tag')).toBe(tags);
      expect(scratch.git('status', '--porcelain')).toBe('');
    },
    MINUTES,
  );
});

describe('files that bear the version', () => {
  const chart = `# Ours.\nversion: 0.1.0\nappVersion: 0.1.0\nannotations:\n  artifacthub.io/images: |\n    - name: a\n      image: r/a:0.1.0\n`;

  it('keep what else stands in Chart.yaml', () => {
    expect(chartOfVersion(chart, '2.0.0', [])).toMatch(/^# Ours\.\nversion: 2\.0\.0\nappVersion: 2\.0\.0\n/);
    expect(parse(chartOfVersion(chart, '2.0.0', [])).annotations['artifacthub.io/images']).toContain('r/a:2.0.0');
  });

  it('tell Artifact Hub the changes, in its own words for them', () => {
    const commits = [
      { message: 'says "a": b', scope: 'store', group: '<!-- 4 -->Fixed', breaking: false },
      { message: 'gone\nmore', group: '<!-- 1 -->Changed', breaking: true },
    ];
    const made = parse(chartOfVersion(chart, '2.0.0', commits)).annotations['artifacthub.io/changes'];
    expect(parse(made)).toEqual([
      { kind: 'fixed', description: 'store: says "a": b' },
      { kind: 'changed', description: 'Breaking: gone' },
    ]);
  });

  it('are refused where the place of the version is gone', () => {
    expect(() => chartOfVersion('version: 0.1.0\n', '2.0.0', [])).toThrow('artifacthub.io/images names no image');
    expect(() => dockerfileOfVersion('FROM scratch\n', '2.0.0')).toThrow('ARG BUILD_VERSION');
  });
});
