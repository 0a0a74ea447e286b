// HTML in which every value is escaped, unless it is HTML made here.

/** HTML that is safe to send. */
export class Html {
  readonly text: string
  constructor (text: string) { this.text = text }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;'
}

function render (value: unknown): string {
  if (value instanceof Html) return value.text
  if (Array.isArray(value)) return value.map(render).join('')
  if (value === undefined || value === false) return ''
  return String(value).replace(/[&<>"']/g, (character) => String(ENTITIES[character]))
}

/** A template tag that escapes what is put in. */
export function html ({ raw }: TemplateStringsArray, ...values: readonly unknown[]): Html {
  return new Html(raw.map((part, index) => part + (index < values.length ? render(values[index]) : '')).join(''))
}
