// Tracks whether Redis can be reached. Commands fail fast during an outage; afterwards the connection is restored.
import type { Redis } from 'ioredis'
import { ClusterUnreachableError } from '../errors.ts'
import { Channels } from './channels.ts'
import { backOff, type ConnectionEvents, type Connections } from './connections.ts'
import { runScript, type Script } from './scripts.ts'

/** A node that uses a link. `onOutage` and `onRecovery` are called once per change of state. */
export interface LinkUser {
  onOutage (error: Error): void
  onRecovery (): void
  /** The connection was lost too briefly to count as an outage. Messages published meanwhile were lost. */
  onGap (): void
  /** Called when Redis is back, and three times per `nodeTimeout` while it can be reached. */
  onHeartbeat (): void
}

/** The settings of a link. */
export interface LinkSettings {
  readonly connect: (events: ConnectionEvents) => Connections
  /** Milliseconds without an answer after which an outage begins. */
  readonly commandTimeout: number
  /** Milliseconds without a heartbeat after which a node counts as dead. */
  readonly nodeTimeout: number
}

// The errors with which Redis answers while it can do nothing, or cannot write.
const NOT_NOW = /^(?:LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|NOREPLICAS)\b/
const HEARTBEATS_PER_TIMEOUT = 3

/** The connections of one cluster object to Redis. They are open while a mount uses them. */
export class RedisLink {
  readonly channels: Channels
  readonly #settings: LinkSettings
  readonly #users = new Set<LinkUser>()
  // Rejects the commands that wait for an answer.
  readonly #waiting = new Set<(error: Error) => void>()
  #connections: Connections | undefined
  // 'unknown' until the first connection succeeds or fails; users are not notified of it. A 'broken' connection may be
  // back before `commandTimeout` is over: until then commands wait, as they do for a Redis that is slow to answer.
  #state: 'unknown' | 'reachable' | 'broken' | 'unreachable' = 'unknown'
  #reason: unknown = new Error('there is no connection')
  #attempts = 0
  #backSince = -Infinity
  #retry: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #known = createSignal()
  // Settles when a broken connection is either back or given up.
  #decided = createSignal()
  #grace: NodeJS.Timeout | undefined

  constructor (settings: LinkSettings) {
    this.#settings = settings
    this.channels = new Channels(
      (name) => this.#subscribe(name),
      // If this fails, the connection is lost, and its subscriptions with it.
      (name) => { this.#connections?.subscriber.unsubscribe(name).catch(() => {}) }
    )
  }

  get isUnreachable (): boolean { return this.#state === 'unreachable' || this.#state === 'unknown' }

  /** Whether Redis came back less than a `nodeTimeout` ago, so that other nodes may not have sent a heartbeat yet. */
  get isJustBack (): boolean { return performance.now() - this.#backSince < this.#settings.nodeTimeout }

  /** Adds a user of the link; resolves once it is known whether Redis can be reached. */
  async enter (user: LinkUser): Promise<void> {
    this.#users.add(user)
    if (this.#connections === undefined) this.#open()
    if (this.#state === 'unknown') await this.#known.promise
    else if (this.#state === 'unreachable') user.onOutage(this.#unreachableError())
  }

  /** Removes a user. The connections are closed with the last one. */
  leave (user: LinkUser): void {
    this.#users.delete(user)
    if (this.#users.size > 0 || this.#connections === undefined) return
    this.#connections.close()
    this.#connections = undefined
    this.#refuse('unknown', new Error('it is no longer used'))
    this.#decided.settle()
    clearTimeout(this.#retry)
    clearInterval(this.#heartbeat)
    clearTimeout(this.#grace)
    this.#known.settle()
    this.#known = createSignal()
  }

  /** Runs commands. @throws ClusterUnreachableError if Redis cannot be reached, or does not answer in time. */
  run<T> (send: (client: Redis) => Promise<T>): Promise<T> {
    return this.#guard(({ commands }) => send(commands))
  }

  /** Runs a script as {@link run} does. A repeatable one runs again if the connection breaks before its answer. */
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
      onMessage: (channel, message) => this.channels.deliver(channel, message)
    })
    const { commandTimeout, nodeTimeout } = this.#settings
    this.#retryIn(commandTimeout)
    this.#heartbeat = setInterval(() => this.#sendHeartbeats(), nodeTimeout / HEARTBEATS_PER_TIMEOUT).unref()
  }

  async #guard<T> (send: (connections: Connections) => Promise<T>): Promise<T> {
    if (this.#state === 'broken') await this.#decided.promise
    if (this.#connections === undefined || this.#state !== 'reachable') throw this.#unreachableError()
    try {
      return await this.#inTime(send(this.#connections))
    } catch (error) {
      if (error instanceof ClusterUnreachableError) throw error
      if (!isReply(error)) this.#break(error)
      else if (!NOT_NOW.test(error.message)) throw error
      throw this.#unreachableError(error)
    }
  }

  async #subscribe (name: string): Promise<void> {
    try {
      await this.#guard(({ subscriber }) => subscriber.subscribe(name))
    } catch (error) {
      // A node that may not subscribe misses the messages of the others, so treat it as an outage.
      if (!(error instanceof ClusterUnreachableError)) this.#lose(error)
      throw error
    }
  }

  #inTime<T> (answer: Promise<T>): Promise<T> {
    const { commandTimeout } = this.#settings
    return new Promise((resolve, reject) => {
      const expire = (): void => {
        if (this.#waiting.has(fail)) this.#lose(new Error(`no answer within ${commandTimeout} ms`))
      }
      // After a blocked event loop the answer may have arrived already: it is read between timers and immediates.
      const timer = setTimeout(() => { setImmediate(expire) }, commandTimeout)
      const fail = (error: Error): void => { settle(); reject(error) }
      const settle = (): void => { clearTimeout(timer); this.#waiting.delete(fail) }
      this.#waiting.add(fail)
      answer.then((value) => { settle(); resolve(value) }, fail)
    })
  }

  // Redis is back once both connections answer and all channels are subscribed to.
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
      // #refuse() has rejected the wait, so the state is known already.
      if (error instanceof ClusterUnreachableError) return
      return isReply(error) ? this.#lose(error) : this.#break(error)
    }
    this.#comeBack()
  }

  #comeBack (): void {
    const before = this.#state
    this.#attempts = 0
    this.#state = 'reachable'
    clearTimeout(this.#grace)
    this.#decided.settle()
    this.#known.settle()
    if (before === 'unknown') return
    this.#backSince = performance.now()
    for (const user of this.#users) user.onHeartbeat()
    for (const user of this.#users) {
      if (before === 'unreachable') user.onRecovery()
      else user.onGap()
    }
  }

  // Commands that were sent and not answered may or may not have run. New commands wait.
  #break (error: unknown): void {
    if (this.#state !== 'reachable' && this.#state !== 'broken') return this.#lose(error)
    if (this.#state === 'reachable') {
      this.#decided = createSignal()
      this.#grace = setTimeout(() => this.#lose(this.#reason), this.#settings.commandTimeout)
    }
    this.#refuse('broken', error)
    this.#retryIn(backOff(++this.#attempts))
  }

  #lose (error: unknown): void {
    const isNews = this.#state !== 'unreachable'
    clearTimeout(this.#grace)
    this.#refuse('unreachable', error)
    this.#decided.settle()
    this.#retryIn(backOff(++this.#attempts))
    if (isNews) {
      for (const user of this.#users) user.onOutage(this.#unreachableError())
    }
    this.#known.settle()
  }

  #refuse (state: 'unknown' | 'broken' | 'unreachable', reason: unknown): void {
    this.#state = state
    this.#reason = reason
    for (const fail of this.#waiting) fail(this.#unreachableError())
  }

  // A connection that hangs or is closed does not report that Redis answers again, so try from time to time.
  #retryIn (delay: number): void {
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.#retryNow(), delay).unref()
  }

  #retryNow (): void {
    if (this.#state === 'unknown') this.#lose(new Error(`no connection within ${this.#settings.commandTimeout} ms`))
    else this.#arrive()
  }

  // The ping finds a subscriber connection that hangs.
  #sendHeartbeats (): void {
    if (this.#state !== 'reachable') return
    this.#guard(({ subscriber }) => subscriber.ping()).catch(() => {})
    for (const user of this.#users) user.onHeartbeat()
  }

  #unreachableError (cause: unknown = this.#reason): ClusterUnreachableError {
    return new ClusterUnreachableError('Redis is unreachable', { cause })
  }
}

// Returns whether the error is an answer of Redis, as opposed to no answer.
function isReply (error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

function createSignal (): { readonly promise: Promise<void>, readonly settle: () => void } {
  let settle = (): void => {}
  const promise = new Promise<void>((resolve) => { settle = resolve })
  return { promise, settle }
}
