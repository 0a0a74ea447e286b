// The two connections to Redis: one for commands, and one that only listens.
import { createRequire } from 'node:module'
import type { Redis, RedisOptions } from 'ioredis'
import { MCP_ERR_MISSING_PACKAGE } from '../errors.ts'

const FIRST_DELAY = 50
const LONGEST_DELAY = 2000

/** Milliseconds to wait before one more attempt: longer each time, and not the same for all nodes. @param attempt From 1. */
export function backOff (attempt: number): number {
  const delay = Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY)
  return delay / 2 + Math.random() * delay / 2
}

/**
 * Loads the Redis client, which is installed by those who need it.
 * @param from Where it is looked for.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export function loadRedis (from: string = import.meta.url): typeof Redis {
  try {
    // What the package exports by that name.
    return (createRequire(from)('ioredis') as { readonly Redis: typeof Redis }).Redis
  } catch (error) {
    throw new MCP_ERR_MISSING_PACKAGE('ioredis', 'redisCluster({ url })', { cause: error })
  }
}

/** Options of a client that is made here. */
export type ConnectionOptions = Omit<RedisOptions, 'protocol' | 'replyMapping'>

/** Two connections, and how to leave them. */
export interface Connections {
  readonly commands: Redis
  readonly subscriber: Redis
  /** Closes what was opened here: a client that was given stays as it is. */
  readonly close: () => void
}

/** What a connection tells of itself. */
export interface ConnectionEvents {
  readonly onReady: () => void
  readonly onLost: (error: Error) => void
  readonly onMessage: (channel: string, message: string) => void
}

/**
 * Connects, of which `events` tells: nothing here waits for it.
 *
 * @param make Makes a client with some options of its own.
 * @param given A client for commands that is not ours to close.
 * @param timeout Milliseconds without an answer; after twice as many a connection of ours is given up and made anew.
 */
export function connect (make: (options: ConnectionOptions) => Redis, given: Redis | undefined, timeout: number, events: ConnectionEvents): Connections {
  const options: ConnectionOptions = {
    lazyConnect: true,
    // What cannot be done at once is refused, and not done later.
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
    // How it goes is told by its events.
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
