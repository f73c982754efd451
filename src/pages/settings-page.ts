import type { JsonObject } from '../tree/json.ts';
import { html } from './html.ts';
import type { Content, Html } from './html.ts';
import { tables } from './paged.ts';
import { objectsIn, textIn } from './values.ts';

/*
 * What a user sets: policy templates with their inputs, data streams with their streams, and the variables of each.
 */

/** The settings of a package by its index; none where it has none. */
export function settingBlocks(index: JsonObject): Html[] {
  const own = variableTables(index, 'Variables of the package');
  const templates = objectsIn(index, 'policy_templates').flatMap(templateBlocks);
  const streams = objectsIn(index, 'data_streams').flatMap(dataStreamBlocks);
  return [
    ...(own.length > 0 ? [html`<h3>Variables of the package</h3>`, ...own] : []),
    ...(templates.length > 0 ? [html`<h3>Policy templates</h3>`, ...templates] : []),
    ...(streams.length > 0 ? [html`<h3>Data streams</h3>`, ...streams] : []),
  ];
}

function templateBlocks(template: JsonObject): Html[] {
  const title = textIn(template, 'title') ?? '';
  const vars = variableTables(template, `Variables of ${title}`);
  const inputs = objectsIn(template, 'inputs').flatMap((input) =>
    [
      html`<h5>Input ${textIn(input, 'title')}</h5>
        ${described(input, textIn(input, 'type'))}`,
    ].concat(variableTables(input, `Variables of ${textIn(input, 'title') ?? ''}`)),
  );
  return [
    html`<h4>${title}</h4>
      ${described(template, textIn(template, 'name'))}`,
    ...vars,
    ...inputs,
  ];
}

function dataStreamBlocks(stream: JsonObject): Html[] {
  const head = html`<h4>${textIn(stream, 'title')}</h4>
    <p><code>${textIn(stream, 'type')}</code> <code>${textIn(stream, 'dataset')}</code></p>`;
  const inputs = objectsIn(stream, 'streams').flatMap((input) =>
    [
      html`<h5>${textIn(input, 'title')}</h5>
        ${described(input, textIn(input, 'input'))}`,
    ].concat(variableTables(input, `Variables of ${textIn(input, 'title') ?? ''}`)),
  );
  return [head, ...inputs];
}

function described(object: JsonObject, code: string | undefined): Content {
  return html`<p>${code !== undefined && html`<code>${code}</code> `}${textIn(object, 'description')}</p>`;
}

function variableTables(holder: JsonObject, label: string): Html[] {
  const rows = objectsIn(holder, 'vars').map((variable) => {
    const { type, required, multi, show_user: isShown } = variable;
    const notes = [
      required === true && 'required',
      multi === true && 'many values',
      isShown === false && 'advanced',
    ].filter(Boolean);
    return html`<tr>
      <th scope="row"><code>${textIn(variable, 'name')}</code></th>
      <td>${textIn(variable, 'title')}</td>
      <td>${String(type ?? '')}</td>
      <td>${defaultOf(variable)}</td>
      <td>${notes.join(', ')}</td>
      <td>${textIn(variable, 'description')}</td>
    </tr> `;
  });
  return tables(['Name', 'Title', 'Type', 'Default', 'Notes', 'Description'], rows, label);
}

function defaultOf({ default: value }: JsonObject): Content {
  if (value === undefined || value === null) return false;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return html`<code>${text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text}</code>`;
}

/** Characters of a default value that are shown. */
const LONGEST = 200;
