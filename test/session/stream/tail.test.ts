// Each connection gets the events of its stream once and in order, even if live events are lost, late or repeated.
import fc from 'fast-check'
import t from 'tap'
import type { SharedEventStore, StoredEvent } from '../../../lib/store/event-store.ts'
import { createMemoryEventStore } from '../../../lib/store/memory-event-store.ts'
import { LocalStream } from '../../../lib/session/stream/local-stream.ts'
import type { EventSink, SessionStream } from '../../../lib/session/stream/session-stream.ts'
import { SharedStream } from '../../../lib/session/stream/shared-stream.ts'
import { createGate } from '../../support/stream.ts'

/** The actions that can happen to a stream and its client. */
interface World {
  /** The next event is sent. */
  write (): void
  /** The oldest live event, or request to the store, arrives. */
  arrive (): void
  /** A live event gets lost. */
  lose (): void
  /** Live events that have arrived arrive again. */
  repeat (): void
  /** An outage of the store begins. */
  outage (): void
  /** The outage ends, and live events arrive again. */
  back (): void
  /** The client reads nothing for a while. */
  pause (): void
  /** The client reads again. */
  read (): void
  /** The connection of the client breaks, and the client resumes after its last event. */
  reconnect (): void
}

/** A client that records the events of each of its connections. */
class Client {
  /** The numbers of all events that it was told, by the connection that told it. */
  readonly connections: number[][] = []
  /** The last event that it can name. */
  last = 0
  isConnected = false
  #isPaused = createGate()

  constructor () {
    this.#isPaused.open()
  }

  /** The number of the event that it was told last. */
  get seen (): number { return Math.max(this.last, this.connections.at(-1)?.at(-1) ?? 0) }

  pause (): void {
    this.#isPaused.open()
    this.#isPaused = createGate()
  }

  read (): void {
    this.#isPaused.open()
  }

  /** Opens a connection behind the last event that the client can name. */
  connect (): EventSink {
    const told = [this.last]
    this.connections.push(told)
    this.isConnected = true
    const tell = (message: string, id?: string): void => {
      told.push(Number(message))
      if (id !== undefined && this.connections.at(-1) === told) this.last = Number(id.split('.').at(-1))
    }
    return {
      send: tell,
      replay: tell,
      prime () {},
      drained: () => this.#isPaused.promise,
      end: () => { if (this.connections.at(-1) === told) this.isConnected = false }
    }
  }
}

type Action = keyof World

const ACTIONS: readonly Action[] = ['write', 'arrive', 'lose', 'repeat', 'outage', 'back', 'pause', 'read', 'reconnect']
const UNREACHABLE = new Error('unreachable')
const nothing = (): void => {}
const turn = (): Promise<void> => new Promise(setImmediate)

/** Plays some actions, lets everything arrive in the end, and checks what each connection was sent. */
async function play (
  create: (client: Client) => World & { readonly written: number }, actions: readonly Action[]
): Promise<void> {
  const client = new Client()
  const world = create(client)
  await turn()
  for (const action of actions) {
    world[action]()
    await turn()
  }
  world.back()
  client.read()
  for (let turns = 0; turns < 50 || client.seen < world.written; turns++) {
    if (turns > 500) throw new Error(`told ${client.seen} of ${world.written}`)
    world.arrive()
    if (!client.isConnected && turns % 10 === 9) world.reconnect()
    await turn()
  }
  for (const told of client.connections) {
    const [first = 0] = told
    const expected = told.map((_, index) => first + index)
    const isWrong = told.some((seq, index) => seq !== expected[index])
    if (isWrong) throw new Error(`a connection was told ${told.slice(1)} behind ${first}`)
  }
}

/** Requests to a store in another process, which arrive one after the other. */
function createRequests () {
  const waiting: Array<() => void> = []
  const requests = { isUnreachable: false, count: () => waiting.length, arrive: () => waiting.shift()?.() }
  function send<T> (operate: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push(() => requests.isUnreachable ? reject(UNREACHABLE) : resolve(operate()))
    })
  }
  return { requests, send }
}

/** A store in this process, which reads without a promise. */
function createKept () {
  const kept = createMemoryEventStore()
  const readFrom = (streamId: string, afterSeq: number) =>
    // A store in memory returns no promises.
    kept.read(streamId, afterSeq) as readonly StoredEvent[] | undefined
  return { kept, readFrom }
}

/** The reply of this process to a client, whose events the store keeps. */
function createReply (client: Client) {
  const { kept, readFrom } = createKept()
  const { requests, send } = createRequests()
  let back = createGate<boolean>()
  const stream = new LocalStream('s.1', {
    store: {
      ...kept,
      append: (...event) => send(() => Number(kept.append(...event))),
      read: (...args) => send(() => readFrom(...args))
    },
    primes: true,
    retryInterval: undefined,
    logFailure: nothing,
    untilBack: (error) => error === UNREACHABLE ? back.promise : undefined
  }, { opening: Promise.resolve(), claim: () => send(() => true) })
  const connection = connectTo(stream, client)
  const world = {
    written: 0,
    write: () => stream.send(String(++world.written)),
    arrive: () => requests.arrive(),
    lose: nothing,
    repeat: nothing,
    outage () { requests.isUnreachable = true },
    back () {
      const wasBack = back
      requests.isUnreachable = false
      back = createGate()
      wasBack.open(true)
    },
    ...connection
  }
  return world
}

/** Connects the client to a stream. Returns its actions. */
function connectTo (stream: SessionStream, client: Client): Pick<World, 'pause' | 'read' | 'reconnect'> {
  let sink = client.connect()
  stream.attach(sink)
  return {
    pause: () => client.pause(),
    read: () => client.read(),
    reconnect () {
      stream.detach(sink)
      const next = client.connect()
      sink = next
      stream.resume(next, client.last).then((isResumed) => { if (!isResumed) next.end() }, () => next.end())
    }
  }
}

/** A stream that any node writes to. */
function createShared (client: Client) {
  const { kept, readFrom } = createKept()
  const { requests, send } = createRequests()
  const inFlight: Array<() => void> = []
  let listener: (event: StoredEvent) => void = nothing
  const arrived: StoredEvent[] = []
  const store: SharedEventStore = {
    ...kept,
    read: (...args) => send(() => readFrom(...args)),
    follow: (streamId, hear) => send(() => {
      listener = hear
      return kept.follow(streamId, (event) => { inFlight.push(() => { arrived.push(event); hear(event) }) })
    })
  }
  const resumption = { store, primes: true, retryInterval: undefined, logFailure: nothing }
  const stream = new SharedStream('s.0', resumption, { claim: () => send(() => true) })
  const connection = connectTo(stream, client)
  // The client is connected before the first event: these are the requests that follow and claim the stream.
  requests.arrive()
  setImmediate(() => { requests.arrive() })
  let turns = 0
  let hasMissed = false
  const world = {
    written: 0,
    write () { kept.append('s.0', String(++world.written)) },
    arrive () {
      const isLive = inFlight.length > 0 && (turns++ % 2 === 0 || requests.count() === 0)
      const first = isLive ? inFlight.shift() : requests.arrive
      first?.()
    },
    lose () {
      inFlight.shift()
      hasMissed = true
    },
    repeat () { for (const event of arrived.slice(-3)) listener(event) },
    outage () {
      requests.isUnreachable = true
      hasMissed = true
    },
    // A node that missed an event, or could not read one, reads again after the outage.
    back () {
      requests.isUnreachable = false
      if (hasMissed) stream.again()
      hasMissed = false
    },
    ...connection
  }
  return world
}

function interleavings (...left: readonly Action[]): fc.Arbitrary<readonly Action[]> {
  const actions = ACTIONS.filter((action) => !left.includes(action))
  // Events and arrivals are the most frequent actions.
  const any = { weight: 2, arbitrary: fc.constantFrom(...actions) }
  const progress = { weight: 3, arbitrary: fc.constantFrom<Action>('write', 'arrive') }
  return fc.array(fc.oneof(any, progress), { maxLength: 60 })
}

t.test('each connection to a reply stream gets its events once and in order, in any interleaving', async () => {
  const property = fc.asyncProperty(interleavings('lose', 'repeat'), async (actions) => {
    await play(createReply, actions)
  })
  // An event is sent during an outage, while a slow client is still catching up.
  const outage: Action[] = ['pause', 'write', 'reconnect', 'arrive', 'arrive', 'arrive', 'outage', 'write', 'arrive']

  await fc.assert(property, { numRuns: 500, examples: [[outage]] })
})

t.test('each connection to a shared stream gets its events once and in order, in any interleaving', async () => {
  const property = fc.asyncProperty(interleavings(), async (actions) => { await play(createShared, actions) })

  // An event is lost while a client is being connected.
  const lost: Action[] = ['reconnect', 'arrive', 'write', 'lose', 'back', 'arrive']

  await fc.assert(property, { numRuns: 500, examples: [[lost]] })
})
