import { isFields } from '../package/yaml/values.ts';
import { parseYaml, toList, YamlError } from '../package/yaml/yaml.ts';
import type { Value } from '../package/yaml/yaml.ts';
import { html } from './html.ts';
import type { Html } from './html.ts';
import type { PackageFacts } from './package-facts.ts';
import { yamlText } from './yaml-texts.ts';

/** What `changelog.yml` of the newest revision says, a block for each version; none where it is no list of changes. */
export function changelogBlocks(facts: PackageFacts): Html[] {
  const bytes = facts.read('changelog.yml');
  if (!bytes) return [];
  try {
    return (toList(parseYaml(bytes)) ?? []).flatMap(versionBlock);
  } catch (error) {
    if (error instanceof YamlError) return [];
    throw error;
  }
}

function versionBlock(entry: Value): Html[] {
  if (!isFields(entry)) return [];
  const changes = toList(entry['changes'] ?? null) ?? [];
  const lines = changes.flatMap((change) => {
    if (!isFields(change)) return [];
    const link = yamlText(change, 'link');
    const isLink = /^https?:\/\/[^/]/i.test(link) && URL.canParse(link);
    return html`<li>
      ${yamlText(change, 'type')}:
      ${yamlText(change, 'description')}${isLink && html` <a href="${link}" rel="noopener noreferrer nofollow">${nameOf(link)}</a>`}
    </li> `;
  });
  return [
    html`<h3>${yamlText(entry, 'version')}</h3>
      <ul>
        ${lines}
      </ul>`,
  ];
}

/** The end of an address: the number of a pull request. */
function nameOf(link: string): string {
  const { host, pathname } = new URL(link);
  const last = pathname.split('/').findLast((part) => part !== '') ?? '';
  return /^\d+$/.test(last) ? `#${last}` : host;
}
