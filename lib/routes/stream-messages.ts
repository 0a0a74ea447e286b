// The messages of a reply that is a stream: those of server-sent events, and the lines of NDJSON.
import { StringDecoder } from 'node:string_decoder'

const EVENTS = /^text\/event-stream\b/i
const LINES = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|json-seq)\b/i

/** Returns the messages that a part of the reply completes. */
export type ReadMessages = (chunk: Buffer) => readonly string[]

/** Creates a reader of the messages of a reply; undefined if its media type is not that of a stream of messages. */
export function createMessageReader (type: string): ReadMessages | undefined {
  if (EVENTS.test(type)) return createEventReader()
  return LINES.test(type) ? createLineReader((line) => line.trim() === '' ? [] : [line]) : undefined
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
function createEventReader (): ReadMessages {
  let data: string[] = []
  return createLineReader((line) => {
    if (line === '') {
      const event = data
      data = []
      return event.length === 0 ? [] : [event.join('\n')]
    }
    const [, value] = /^data(?:: ?(.*))?$/s.exec(line) ?? []
    if (value !== undefined || line === 'data') data.push(value ?? '')
    return []
  })
}

function createLineReader (readLine: (line: string) => readonly string[]): ReadMessages {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  return (chunk) => {
    // A carriage return at the end may be the first half of a line break.
    const lines = (rest + decoder.write(chunk)).split(/\r\n|\n|\r(?!$)/)
    rest = lines.splice(-1).join('')
    return lines.flatMap(readLine)
  }
}
