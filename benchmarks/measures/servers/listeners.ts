// Clients that hold open streams: bare sockets, so that so many of them are cheap. They count the events that come.
import { connect, type Socket } from 'node:net'
import { listenRequest } from '../messages.ts'
import { answerCommands, type Figures } from './answer.ts'
import { now } from './clock.ts'

/** The server whose streams the clients open. */
export interface ListenersSetup { readonly port: number }

// Connections that a server has not accepted yet wait in a short queue.
const AT_ONCE = 100
// The comment that a stream opens with, and the acknowledgement.
const OPENING_EVENTS = 2
// Ids of one length make streams of one size.
const FIRST_ID = 10_000
const LINE_END = 10

// The setup from child.ts.
const { port } = JSON.parse(process.argv[2] ?? '') as ListenersSetup

/** The events that are expected, and the callers that wait for them. */
class Expectation {
  readonly done: Promise<number>
  #left: number
  #finish: (at: number) => void = () => {}

  constructor (events: number) {
    this.#left = events
    this.done = new Promise((resolve) => { this.#finish = resolve })
  }

  count (events: number): void {
    this.#left -= events
    if (this.#left < 0) throw new Error('more events came than were expected')
    if (this.#left === 0) this.#finish(now())
  }
}

let expectation = new Expectation(0)
let bytes = 0

class Listener {
  readonly #socket: Socket
  #isOpen = false
  #endsInLineEnd = false

  constructor (id: number) {
    this.#socket = connect({ host: '127.0.0.1', port })
    this.#socket.on('data', (data) => this.#read(data))
    // Its events would be waited for in vain.
    this.#socket.on('error', (error) => { throw error })
    this.#socket.on('end', () => { throw new Error('a stream has ended') })
    this.#socket.write(listenRequest(id, port))
  }

  close (): void {
    this.#socket.destroy()
  }

  // Two line ends in a row end an event, and are nowhere else: headers and chunks have carriage returns, JSON has no
  // line ends.
  #read (data: Buffer): void {
    if (!this.#isOpen && !data.toString('latin1').startsWith('HTTP/1.1 200 ')) {
      throw new Error(`no stream: ${data.toString('latin1')}`)
    }
    this.#isOpen = true
    bytes += data.length
    let events = this.#endsInLineEnd && data[0] === LINE_END ? 1 : 0
    for (let at = data.indexOf('\n\n'); at !== -1; at = data.indexOf('\n\n', at + 2)) events++
    this.#endsInLineEnd = data.at(-1) === LINE_END && data.at(-2) !== LINE_END
    if (events > 0) expectation.count(events)
  }
}

const listeners: Listener[] = []

answerCommands({}, {
  open: openAll,
  expect: (events) => { expectation = new Expectation(events); bytes = 0; return {} },
  received: async () => ({ at: await expectation.done, bytes }),
  close: () => { for (const listener of listeners.splice(0)) listener.close(); return {} }
})

async function openAll (count: number): Promise<Figures> {
  while (listeners.length < count) {
    const batch = Math.min(AT_ONCE, count - listeners.length)
    expectation = new Expectation(batch * OPENING_EVENTS)
    for (let index = 0; index < batch; index++) listeners.push(new Listener(FIRST_ID + listeners.length))
    await expectation.done
  }
  return {}
}
