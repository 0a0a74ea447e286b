// Time that passes in Redis at once: what expires, and what bears a time, is moved by as much.
import type { Redis } from 'ioredis'

/** Lets time pass for all keys that begin with a prefix. */
export async function passTime (client: Redis, prefix: string, milliseconds: number): Promise<void> {
  for (const key of await client.keys(`${prefix}*`)) {
    const left = await client.pttl(key)
    const type = await client.type(key)
    if (type === 'stream') await moveEntries(client, key, milliseconds)
    if (type === 'zset') await moveScores(client, key, milliseconds)
    if (left <= milliseconds) await client.del(key)
    else await client.pexpire(key, left - milliseconds)
  }
}

async function moveEntries (client: Redis, key: string, milliseconds: number): Promise<void> {
  const entries = await client.xrange(key, '-', '+')
  await client.del(key)
  for (const [id, fields] of entries) {
    const [time, number] = id.split('-')
    await client.xadd(key, `${Number(time) - milliseconds}-${number}`, ...fields)
  }
}

async function moveScores (client: Redis, key: string, milliseconds: number): Promise<void> {
  const members = await client.zrange(key, '-inf', '+inf', 'BYSCORE')
  for (const member of members) await client.zincrby(key, -milliseconds, member)
}
