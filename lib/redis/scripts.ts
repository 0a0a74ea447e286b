// Lua scripts, for changes that must be atomic. Redis keeps a script once it has run; from then on its digest is sent.
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A script, and the digest by which Redis knows it. */
export interface Script {
  readonly lua: string
  readonly sha: string
  /** Whether running it twice does the same as once, so that it may be sent again when it is unknown whether it ran. */
  readonly isRepeatable: boolean
  /** Whether its runs must take effect in the order in which they were sent. */
  readonly isOrdered: boolean
}

/** Creates a script, with its digest. */
export function createScript (lua: string): Script {
  const sha = createHash('sha1').update(lua).digest('hex')
  return Object.freeze({ lua, sha, isRepeatable: false, isOrdered: false })
}

/** Creates a script that may run twice. */
export function createRepeatableScript (lua: string): Script {
  return Object.freeze({ ...createScript(lua), isRepeatable: true })
}

/** Creates a script whose runs take effect in the order in which they were sent. */
export function createOrderedScript (lua: string): Script {
  return Object.freeze({ ...createScript(lua), isOrdered: true })
}

/**
 * Runs a script in one round trip, or in two if Redis does not know it: once after each start of Redis. In these two,
 * later runs may overtake it, so an ordered script is sent as a whole each time.
 */
export async function runScript (
  client: Redis, { lua, sha, isOrdered }: Script, keys: readonly string[], args: ReadonlyArray<string | number>
): Promise<unknown> {
  if (isOrdered) return await client.eval(lua, keys.length, ...keys, ...args)
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await client.eval(lua, keys.length, ...keys, ...args)
  }
}

/** Lua code for `now`: the time in milliseconds, by the clock of Redis, which is the same for all nodes. */
export const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
