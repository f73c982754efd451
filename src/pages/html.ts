/*
 * HTML that is safe by construction: whatever a package says goes through `html`, which escapes it.
 */

/** A text that is HTML already. Only `html` makes it, and `trusted` of what a renderer has escaped. */
export interface Html {
  readonly html: string;
}

/** What can stand in HTML. Texts are escaped; undefined and false are nothing. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/** HTML with contents in it, between tags or in a quoted attribute. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Html {
  return { html: parts.map((part, i) => part + render(contents[i])).join('') };
}

/** HTML that somebody else has escaped. */
export function trusted(text: string): Html {
  return { html: text };
}

/** The text of a content. */
export function render(content: Content): string {
  if (content === undefined || content === false) return '';
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(content);
  return 'html' in content ? content.html : content.map(render).join('');
}

function escaped(text: string): string {
  return ODD.test(text)
    ? text.replace(/[&<>"'\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/g, (char) => ESCAPES[char] ?? '\ufffd')
    : text;
}

const ODD = /[&<>"'\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]/;
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
