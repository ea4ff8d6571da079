import { parseDocument } from 'yaml';

/**
 * A commit of a release as git-cliff tells it.
 * @typedef {{ message: string, scope?: string | null, group: string, breaking: boolean }} Commit
 */

/** Sections of the changelog that Artifact Hub has a word for. @type {Readonly<Record<string, string>>} */
const kinds = {
  Added: 'added',
  Changed: 'changed',
  Deprecated: 'deprecated',
  Removed: 'removed',
  Fixed: 'fixed',
  Security: 'security',
};

/**
 * Chart.yaml of another version: chart and application bear the same one, the image that Artifact Hub scans is of that version, and
 * its annotation `changes` has the commits. Comments stay.
 * @param {string} text
 * @param {string} version
 * @param {readonly Commit[]} commits
 */
export function chartOfVersion(text, version, commits) {
  const chart = parseDocument(text);
  const image = String(chart.getIn(['annotations', 'artifacthub.io/images']) ?? '');
  if (!/image: \S+:\S+/.test(image)) throw new Error('Chart.yaml: artifacthub.io/images names no image');
  chart.set('version', version);
  chart.set('appVersion', version);
  chart.setIn(['annotations', 'artifacthub.io/images'], image.replace(/(image: \S+):\S+/, `$1:${version}`));
  chart.setIn(['annotations', 'artifacthub.io/changes'], changesOf(commits));
  return chart.toString({ lineWidth: 0 });
}

/** @param {readonly Commit[]} commits */
function changesOf(commits) {
  return commits
    .map(({ message, scope, group, breaking }) => {
      const kind = kinds[group.replace(/<!--.*?-->/, '').trim()] ?? 'changed';
      const words = `${breaking ? 'Breaking: ' : ''}${scope ? `${scope}: ` : ''}${message.split('\n')[0]}`;
      return `- kind: ${kind}\n  description: ${JSON.stringify(words)}\n`;
    })
    .join('');
}

/**
 * The Dockerfile with another default of BUILD_VERSION.
 * @param {string} text
 * @param {string} version
 */
export function dockerfileOfVersion(text, version) {
  if (!/^ARG BUILD_VERSION=.+$/m.test(text)) throw new Error('Dockerfile: no line ARG BUILD_VERSION=…');
  return text.replace(/^ARG BUILD_VERSION=.+$/m, `ARG BUILD_VERSION=${version}`);
}
