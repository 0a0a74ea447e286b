// The tools that all contenders have, as plain data: each contender registers them in its own way.

export const SERVER_INFO = { name: 'Notes', version: '1.0.0' }

/** The arguments of all calls. */
export const ARGUMENTS = { text: 'Buy milk' }

/** The answer of `add_note`. */
export function saved (text: string): string {
  return `Saved: ${text}`
}

/** The progress that `import_notes` reports, one notification each. */
export const PROGRESS = Array.from({ length: 10 }, (_, index) => index + 1)
export const PROGRESS_TOKEN = 'import-1'

/** The answer of `report`: 10 KB of JSON. */
export const REPORT = {
  notes: Array.from({ length: 50 }, (_, id) => ({
    id,
    title: `Note ${id}`,
    text:
      `The text of note ${id}, which is long enough to be a note, and no longer than it must be so that all of ` +
      'them come to ten thousand bytes.',
    tags: ['shopping', 'weekend'],
    done: id % 2 === 0
  }))
}
export type Report = typeof REPORT

/** The tools of a list of 100, without their schemas. */
export const LISTED = Array.from({ length: 100 }, (_, index) => ({
  name: `tool_${index}`,
  description: `Does what tool ${index} of one hundred tools does.`
}))

/** The descriptions of the arguments of each of the 100 tools. */
export const LISTED_ARGUMENTS = {
  text: 'The text of the note.',
  topic: 'What the note is about.',
  done: 'Whether there is nothing left to do.'
}

/** The same as JSON Schema. */
export const LISTED_SCHEMA = {
  type: 'object',
  properties: {
    text: { type: 'string', description: LISTED_ARGUMENTS.text },
    topic: { type: 'string', description: LISTED_ARGUMENTS.topic },
    done: { type: 'boolean', description: LISTED_ARGUMENTS.done }
  },
  required: ['text']
}
