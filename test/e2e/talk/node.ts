// A process that creates and closes nodes on request, a new one for each test, because starting a process takes long.
import type { FastifyInstance } from 'fastify'
import { redisCluster } from '../../../lib/redis/index.ts'
import { createTalkApp, type TalkOptions } from './app.ts'
import type { DefinitionName } from './definitions.ts'

/** The settings of a node. */
export interface NodeRecipe {
  readonly name: DefinitionName
  readonly options: TalkOptions
  readonly url: string
  readonly keyPrefix: string
}

/** A task of the process: create a node, or close the node of an earlier order. */
export type NodeTask = { readonly make: NodeRecipe } | { readonly close: number }

export type NodeOrder = NodeTask & { readonly id: number }

/** The reply to an order: the address of the node, or the reason of a failure. */
export interface NodeReply { readonly id: number, readonly address?: string, readonly failure?: string }

const apps = new Map<number, FastifyInstance>()

async function obey (order: NodeOrder): Promise<Omit<NodeReply, 'id'>> {
  if ('close' in order) {
    await apps.get(order.close)?.close()
    apps.delete(order.close)
    return {}
  }
  const { name, options, url, keyPrefix } = order.make
  const app = createTalkApp(name, options, redisCluster({ url, keyPrefix }))
  apps.set(order.id, app)
  return { address: await app.listen({ port: 0, host: '127.0.0.1' }) }
}

process.once('disconnect', () => process.exit())
process.on('message', (order: NodeOrder) => {
  obey(order).then(
    (done) => process.send?.({ id: order.id, ...done }),
    (error: unknown) => process.send?.({ id: order.id, failure: String(error) })
  )
})
