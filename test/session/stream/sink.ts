// A connection that records what it is sent.
import type { EventSink } from '../../../lib/session/stream/session-stream.ts'
import { createGate } from '../../support/stream.ts'

/** The result of {@link createSink}. */
export interface TestSink {
  readonly sink: EventSink
  readonly told: readonly string[]
  untilTold (what: string): Promise<void>
}

/** Creates a connection that records what it is sent. */
export function createSink ({ drained = Promise.resolve() } = {}): TestSink {
  const told: string[] = []
  let gate = createGate()
  const tell = (what: string): void => { told.push(what); gate.open(); gate = createGate() }
  const sink: EventSink = {
    send: (message, id) => tell(`send ${message} ${id}`),
    replay: (message, id) => tell(`replay ${message} ${id}`),
    prime: (id, retry) => tell(`prime ${id} ${retry}`),
    drained: () => drained,
    end: () => tell('end')
  }
  return { sink, told, untilTold: async (what: string) => { while (!told.includes(what)) await gate.promise } }
}
