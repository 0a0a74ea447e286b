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

/** The values of a text's placeholders. */
export type Values = Readonly<Record<string, string>>

/** Puts values into a text, as HTML. The direction in which a value is written affects nothing around it. */
export function fill (text: string, values: Values): Html {
  const parts = text.split(/(\{\w+\})/).map((part) => {
    const value = values[part.slice(1, -1)]
    return part.startsWith('{') && value !== undefined ? html`<bdi>${value}</bdi>` : part
  })
  return html`${parts}`
}

/** Puts values into a text, without any HTML. */
export function fillPlain (text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (_all, name) => String(values[name]))
}
