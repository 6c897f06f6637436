/** A form as a browser would send it when nothing is typed into it. */
export interface Form {
  id: string;
  action: string;
  method: string;
  fields: [name: string, value: string][];
}

const entities: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

export function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
    (whole, dec, hex, name) => {
      if (dec) return String.fromCodePoint(Number(dec));
      if (hex) return String.fromCodePoint(Number.parseInt(hex, 16));
      return entities[name as string] ?? whole;
    },
  );
}

/** Attributes of one start tag, entities decoded. */
export function attributes(tag: string): Record<string, string> {
  const found: Record<string, string> = {};
  const inner = tag.replace(/^<[^\s>/]+/, '').replace(/\/?>$/, '');
  const pattern = /([^\s=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  for (const [, name = '', double, single, bare] of inner.matchAll(pattern)) {
    found[name.toLowerCase()] = decodeEntities(double ?? single ?? bare ?? '');
  }
  return found;
}

/** All forms of a page, in order. */
export function parseForms(html: string): Form[] {
  return [...html.matchAll(/(<form\b[^>]*>)([\s\S]*?)<\/form>/gi)].map(
    ([, start = '', inner = '']) => {
      const { id = '', name = '', action = '', method = 'get' } = attributes(start);
      return {
        id: id || name,
        action,
        method: method.toLowerCase(),
        fields: parseFields(inner),
      };
    },
  );
}

/** Buttons are left out: the test names the one it presses. */
function parseFields(inner: string): [string, string][] {
  const fields: [string, string][] = [];
  const pattern =
    /<input\b[^>]*>|(<select\b[^>]*>)([\s\S]*?)<\/select>|(<textarea\b[^>]*>)([\s\S]*?)<\/textarea>/gi;
  for (const [whole, select, options = '', area, text = ''] of inner.matchAll(pattern)) {
    const tag = attributes(select ?? area ?? whole);
    if (!tag['name'] || 'disabled' in tag) continue;
    if (select) {
      const value = selectedOption(options);
      if (value !== undefined) fields.push([tag['name'], value]);
    } else if (area) {
      fields.push([tag['name'], decodeEntities(text.replace(/^\r?\n/, ''))]);
    } else if (isSent(tag)) {
      fields.push([
        tag['name'],
        tag['value'] ?? (tag['type'] === 'checkbox' ? 'on' : ''),
      ]);
    }
  }
  return fields;
}

function isSent(input: Record<string, string>): boolean {
  const type = (input['type'] ?? 'text').toLowerCase();
  if (['submit', 'button', 'image', 'reset', 'file'].includes(type)) return false;
  return !['checkbox', 'radio'].includes(type) || 'checked' in input;
}

function selectedOption(options: string): string | undefined {
  const all = [...options.matchAll(/(<option\b[^>]*>)([^<]*)/gi)].map(
    ([, tag = '', text = '']) => ({
      ...attributes(tag),
      text: decodeEntities(text).trim(),
    }),
  ) as { value?: string; selected?: string; text: string }[];
  const chosen = all.find((option) => option.selected !== undefined) ?? all[0];
  return chosen && (chosen.value ?? chosen.text);
}
