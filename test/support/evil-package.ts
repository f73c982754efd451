import { packageFiles } from './repository.ts';
import type { Files } from './repository.ts';

/* A package that wants to run a script wherever a page shows what it says. */

const EVIL = `"><script src=/package/evil/1.0.0/x.js></script><img src=x onerror=alert(1)>'`;

const text = JSON.stringify(EVIL);
const manifest = [
  'format_version: 3.0.0',
  'name: evil',
  'version: 1.0.0',
  'type: integration',
  `title: ${text}`,
  `description: ${text}`,
  `categories: [security, ${text}]`,
  `owner: { github: ${text}, type: elastic }`,
  `conditions: { kibana: { version: '^8.0.0' }, elastic: { subscription: ${text}, capabilities: [${text}] } }`,
  `icons: [{ src: /img/logo.svg, title: ${text} }]`,
  `screenshots: [{ src: "/img/a'b\\"c.png", title: ${text} }]`,
  `deprecated: { since: 1.0.0, description: ${text} }`,
  `vars: [{ name: a, type: text, title: ${text}, default: ${text}, description: ${text} }]`,
  `policy_templates: [{ name: a, title: ${text}, description: ${text}, inputs: [{ type: ${text}, title: ${text}, description: ${text} }] }]`,
].join('\n');

export const EVIL_PACKAGE: Files = packageFiles('evil', '1.0.0', {
  'manifest.yml': manifest,
  'docs/README.md': `# ${EVIL}

<script>alert(1)</script>

[x](javascript:alert(1)) ![y](https://elsewhere.example/y.png) ![z](../img/logo.svg) [w](../img/logo.svg) <iframe src="https://elsewhere.example">

| <b onclick=alert(1)>a</b> | b |
| :-: | --- |
| [q](data:text/html,<script>alert(1)</script>) | \`<script>\` |
`,
  'img/logo.svg':
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert("svg")</script><image href="https://elsewhere.example/i.png"/></svg>',
  [`img/a'b"c.png`]: Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
  'x.js': 'alert(1)',
  'changelog.yml': `- version: ${text}\n  changes: [{ description: ${text}, type: ${text}, link: 'javascript:alert(1)' }]\n`,
});
