// The two connections to Redis: one for commands, and one for subscriptions.
import { createRequire } from 'node:module'
import type { Redis, RedisOptions } from 'ioredis'
import { MCP_ERR_MISSING_PACKAGE } from '../errors.ts'

const FIRST_DELAY = 50
const LONGEST_DELAY = 2000

/**
 * Returns the milliseconds to wait before the next attempt: longer each time, and random, so that nodes differ.
 * @param attempt Its number, from 1.
 */
export function backOff (attempt: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY)
  return delay / 2 + Math.random() * delay / 2
}

/**
 * Loads ioredis, an optional peer dependency.
 * @param from The URL of the module to resolve it from.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export function loadRedis (from: string = import.meta.url): typeof Redis {
  try {
    // The package exports its client by that name.
    return (createRequire(from)('ioredis') as { readonly Redis: typeof Redis }).Redis
  } catch (error) {
    throw new MCP_ERR_MISSING_PACKAGE('ioredis', 'redisCluster({ url })', { cause: error })
  }
}

/** The options of a client that this package creates. */
export type ConnectionOptions = Omit<RedisOptions, 'protocol' | 'replyMapping'>

/** Two connections, and how to close them. */
export interface Connections {
  readonly commands: Redis
  readonly subscriber: Redis
  /** Closes the connections that were opened here. A client that the user passed stays open. */
  readonly close: () => void
}

/** The events of a connection. */
export interface ConnectionEvents {
  readonly onReady: () => void
  readonly onLost: (error: Error) => void
  readonly onMessage: (channel: string, message: string) => void
}

/** How both connections are made. */
export interface ConnectionSettings {
  /** Creates a client with the given options. */
  readonly make: (options: ConnectionOptions) => Redis
  /** The user's client for commands, which is not closed here. */
  readonly given?: Redis | undefined
  /** Milliseconds without an answer. After twice as many, a connection that was opened here is replaced. */
  readonly timeout: number
}

/** Starts both connections, without waiting for them: `events` reports what becomes of them. */
export function connect ({ make, given, timeout }: ConnectionSettings, events: ConnectionEvents): Connections {
  const options: ConnectionOptions = {
    lazyConnect: true,
    // A command that cannot be sent at once is refused, not queued.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    connectTimeout: timeout,
    socketTimeout: 2 * timeout,
    retryStrategy: backOff,
    // After a failover the old primary answers, but takes no writes.
    reconnectOnError: (error) => error.message.startsWith('READONLY')
  }
  const commands = given ?? make(options)
  const subscriber = make({ ...options, keyPrefix: '' })
  const ends = [watch(commands, events), watch(subscriber, events)]
  subscriber.on('message', events.onMessage)
  for (const client of [commands, subscriber]) {
    // The events of the client report a failure.
    if (client.status === 'wait') client.connect().catch(() => {})
  }

  return {
    commands,
    subscriber,
    close () {
      for (const end of ends) end()
      for (const client of [commands, subscriber]) {
        if (client === given) continue
        client.on('error', () => {})
        client.disconnect()
      }
    }
  }
}

function watch (client: Redis, { onReady, onLost }: ConnectionEvents): () => void {
  let reason: Error | undefined
  const listeners = {
    ready: onReady,
    error: (error: Error) => { reason = error },
    close: () => {
      onLost(reason ?? new Error('the connection was closed'))
      reason = undefined
    }
  }
  for (const [event, listener] of Object.entries(listeners)) client.on(event, listener)
  return () => {
    for (const [event, listener] of Object.entries(listeners)) client.off(event, listener)
  }
}
