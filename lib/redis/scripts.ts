// What has to happen as a whole, in Lua. Redis keeps a script once it has run: from then on its digest is sent.
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'

/** A script, and the digest that Redis knows it by. */
export interface Script {
  readonly lua: string
  readonly sha: string
  /** Whether it may run twice where once was meant, so that it is sent again when it is not known whether it has run. */
  readonly isRepeatable: boolean
}

/** Names a script by its digest. */
export function createScript (lua: string): Script {
  return Object.freeze({ lua, sha: createHash('sha1').update(lua).digest('hex'), isRepeatable: false })
}

/** Names a script that may run twice. */
export function createRepeatableScript (lua: string): Script {
  return Object.freeze({ ...createScript(lua), isRepeatable: true })
}

/** Runs a script: one round trip, or two where Redis does not know it, which is once after each of its starts. */
export async function runScript (client: Redis, { lua, sha }: Script, keys: readonly string[], args: ReadonlyArray<string | number>): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args)
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
    return await client.eval(lua, keys.length, ...keys, ...args)
  }
}

/** Lua: the time in milliseconds, by the clock of Redis, which is the same for all nodes. */
export const LUA_NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`
