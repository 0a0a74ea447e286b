import { createParser, type EventSourceMessage } from 'eventsource-parser'
import fc from 'fast-check'
import t from 'tap'
import { frameComment, frameMessage } from '../../../lib/http/reply/sse.ts'

// Cuts a text at the given places, as a network would.
function parseInPieces (text: string, cuts: readonly number[]): EventSourceMessage[] {
  const events: EventSourceMessage[] = []
  const parser = createParser({ onEvent: (event) => { events.push(event) } })
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
  for (const [index, place] of [0, ...places].entries()) parser.feed(text.slice(place, places[index]))
  return events
}

t.test('messages arrive unchanged, however the network splits the stream and with comments in between', async (t) => {
  fc.assert(fc.property(fc.array(fc.jsonValue()), fc.array(fc.nat()), (messages, cuts) => {
    const sent = messages.map((message) => JSON.stringify(message))

    const events = parseInPieces(sent.map((json) => frameComment('keep-alive') + frameMessage(json)).join(''), cuts)

    t.strictSame(events.map(({ event, data }) => ({ event, data })), sent.map((data) => ({ event: 'message', data })))
  }))
})
