// Whether Redis is there: commands that fail fast when it is not, and the way back.
import type { Redis } from 'ioredis'
import { ClusterAwayError } from '../store/cluster.ts'
import { Channels } from './channels.ts'
import { backOff, type ConnectionEvents, type Connections } from './connections.ts'
import { runScript, type Script } from './scripts.ts'

/** Who uses a link. Each of `onAway` and `onBack` is called once per change of state. */
export interface LinkUser {
  onAway (error: Error): void
  onBack (): void
  /** The connection was lost, but so briefly that nobody was told. What was published meanwhile has not come. */
  onGap (): void
  /** Called when Redis is back, and three times in a `nodeTimeout` while it is there. */
  beat (): void
}

/** How a link is made. */
export interface LinkSettings {
  readonly connect: (events: ConnectionEvents) => Connections
  /** Milliseconds without an answer after which Redis counts as away. */
  readonly commandTimeout: number
  /** Milliseconds without a word after which a node counts as dead. */
  readonly nodeTimeout: number
}

// Answers that tell that Redis can do nothing, or not write, for the time being.
const NOT_NOW = /^(?:LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS)\b/

const BEATS_PER_TIMEOUT = 3

/** The connections of one cluster object to Redis, for all mounts that use it. Open as long as anybody does. */
export class RedisLink {
  readonly channels: Channels
  readonly #settings: LinkSettings
  readonly #users = new Set<LinkUser>()
  // What waits for an answer: each is told when none is to be waited for any more.
  readonly #waiting = new Set<(error: Error) => void>()
  #connections: Connections | undefined
  // Unknown at first, which no user is told of. A connection that is broken may be back before `commandTimeout` is
  // over: until then requests wait, as they do for a Redis that is slow to answer.
  #state: 'unknown' | 'here' | 'broken' | 'away' = 'unknown'
  #reason: unknown = new Error('there is no connection')
  #attempts = 0
  #backSince = -Infinity
  #retry: NodeJS.Timeout | undefined
  #heart: NodeJS.Timeout | undefined
  #known = createSignal()
  // Whether a broken connection is back is decided.
  #decided = createSignal()
  #grace: NodeJS.Timeout | undefined

  constructor (settings: LinkSettings) {
    this.#settings = settings
    this.channels = new Channels(
      (name) => this.#subscribe(name),
      // Where that fails, the connection is lost, and with it what it has subscribed to.
      (name) => { this.#connections?.subscriber.unsubscribe(name).catch(() => {}) }
    )
  }

  get isAway (): boolean { return this.#state === 'away' || this.#state === 'unknown' }

  /** Whether it is so short a time since Redis came back that not all nodes may have been heard of again. */
  get isJustBack (): boolean { return performance.now() - this.#backSince < this.#settings.nodeTimeout }

  /** Begins to use the link; settles when it is known whether Redis is there. */
  async enter (user: LinkUser): Promise<void> {
    this.#users.add(user)
    if (this.#connections === undefined) this.#open()
    if (this.#state === 'unknown') await this.#known.promise
    else if (this.#state === 'away') user.onAway(this.#awayError())
  }

  /** Ends it. */
  leave (user: LinkUser): void {
    this.#users.delete(user)
    if (this.#users.size > 0 || this.#connections === undefined) return
    this.#connections.close()
    this.#connections = undefined
    this.#refuse('unknown', new Error('it is no longer used'))
    this.#decided.settle()
    clearTimeout(this.#retry)
    clearInterval(this.#heart)
    clearTimeout(this.#grace)
    this.#known.settle()
    this.#known = createSignal()
  }

  /** Runs commands. @throws ClusterAwayError when Redis is not there, or does not answer in time. */
  run<T> (send: (client: Redis) => Promise<T>): Promise<T> {
    return this.#guard(({ commands }) => send(commands))
  }

  /** Runs a script, likewise; one that may run twice again, where the connection breaks before it has answered. */
  async runScript (script: Script, keys: readonly string[], args: ReadonlyArray<string | number>): Promise<unknown> {
    const run = (): Promise<unknown> => this.#guard(({ commands }) => runScript(commands, script, keys, args))
    try {
      return await run()
    } catch (error) {
      if (!script.isRepeatable || this.#state !== 'broken') throw error
      return await run()
    }
  }

  #open (): void {
    this.#connections = this.#settings.connect({
      onReady: () => this.#arrive(),
      onLost: (error) => this.#break(error),
      onMessage: (channel, message) => this.channels.tell(channel, message)
    })
    this.#retryIn(this.#settings.commandTimeout)
    this.#heart = setInterval(() => this.#beat(), this.#settings.nodeTimeout / BEATS_PER_TIMEOUT).unref()
  }

  async #guard<T> (send: (connections: Connections) => Promise<T>): Promise<T> {
    if (this.#state === 'broken') await this.#decided.promise
    if (this.#connections === undefined || this.#state !== 'here') throw this.#awayError()
    try {
      return await this.#inTime(send(this.#connections))
    } catch (error) {
      if (error instanceof ClusterAwayError) throw error
      if (!isReply(error)) this.#break(error)
      else if (!NOT_NOW.test(error.message)) throw error
      throw this.#awayError(error)
    }
  }

  async #subscribe (name: string): Promise<void> {
    try {
      await this.#guard(({ subscriber }) => subscriber.subscribe(name))
    } catch (error) {
      // Who may not listen misses what others tell, which is no better than no connection.
      if (!(error instanceof ClusterAwayError)) this.#lose(error)
      throw error
    }
  }

  #inTime<T> (answer: Promise<T>): Promise<T> {
    const { commandTimeout } = this.#settings
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        if (this.#waiting.has(fail)) this.#lose(new Error(`no answer within ${commandTimeout} ms`))
      }
      // Where the event loop was held up, the answer is there already, and is read between timers and immediates.
      const timer = setTimeout(() => { setImmediate(expire) }, commandTimeout)
      const fail = (error: Error): void => { settle(); reject(error) }
      const settle = (): void => { clearTimeout(timer); this.#waiting.delete(fail) }
      this.#waiting.add(fail)
      answer.then((value) => { settle(); resolve(value) }, fail)
    })
  }

  // Redis is there when it answers on both connections, and all channels are subscribed to.
  async #arrive (): Promise<void> {
    const connections = this.#connections
    if (connections?.commands.status !== 'ready' || connections.subscriber.status !== 'ready') return
    clearTimeout(this.#retry)
    try {
      await this.#inTime(Promise.all([
        connections.commands.ping(),
        connections.subscriber.ping(),
        this.channels.subscribeAll((names) => connections.subscriber.subscribe(...names))
      ]))
    } catch (error) {
      // What was given up is known already.
      if (error instanceof ClusterAwayError) return
      return isReply(error) ? this.#lose(error) : this.#break(error)
    }
    this.#comeBack()
  }

  #comeBack (): void {
    const before = this.#state
    this.#attempts = 0
    this.#state = 'here'
    clearTimeout(this.#grace)
    this.#decided.settle()
    this.#known.settle()
    if (before === 'unknown') return
    this.#backSince = performance.now()
    for (const user of this.#users) user.beat()
    for (const user of this.#users) {
      if (before === 'away') user.onBack()
      else user.onGap()
    }
  }

  // What was sent and not answered may or may not have happened; what comes from now on waits.
  #break (error: unknown): void {
    if (this.#state !== 'here' && this.#state !== 'broken') return this.#lose(error)
    if (this.#state === 'here') {
      this.#decided = createSignal()
      this.#grace = setTimeout(() => this.#lose(this.#reason), this.#settings.commandTimeout)
    }
    this.#refuse('broken', error)
    this.#retryIn(backOff(++this.#attempts))
  }

  #lose (error: unknown): void {
    const isNews = this.#state !== 'away'
    clearTimeout(this.#grace)
    this.#refuse('away', error)
    this.#decided.settle()
    this.#retryIn(backOff(++this.#attempts))
    if (isNews) {
      for (const user of this.#users) user.onAway(this.#awayError())
    }
    this.#known.settle()
  }

  #refuse (state: 'unknown' | 'broken' | 'away', reason: unknown): void {
    this.#state = state
    this.#reason = reason
    for (const fail of this.#waiting) fail(this.#awayError())
  }

  // A connection that hangs, or is closed, does not tell when Redis answers again.
  #retryIn (delay: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#retryNow(), delay).unref()
  }

  #retryNow (): void {
    if (this.#state === 'unknown') this.#lose(new Error(`no connection within ${this.#settings.commandTimeout} ms`))
    else this.#arrive()
  }

  // A connection that nothing is asked of hangs unnoticed.
  #beat (): void {
    if (this.#state !== 'here') return
    this.#guard(({ subscriber }) => subscriber.ping()).catch(() => {})
    for (const user of this.#users) user.beat()
  }

  #awayError (cause: unknown = this.#reason): ClusterAwayError {
    return new ClusterAwayError('Redis is away', { cause })
  }
}

// Redis has answered that it cannot do something, as opposed to not answering.
function isReply (error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

function createSignal (): { readonly promise: Promise<void>, readonly settle: () => void } {
  let settle = (): void => {}
  const promise = new Promise<void>((resolve) => { settle = resolve })
  return { promise, settle }
}
