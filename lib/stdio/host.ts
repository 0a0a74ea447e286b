// Provides the app of a server on stdio, whose lifespan it enters and whose log it uses.
import type { FastifyInstance } from 'fastify'
import type { ServerDefinition } from '../server/definition.ts'

/** An app in which a lifespan has been entered. */
export interface Host {
  readonly app: FastifyInstance
  readonly lifespan: unknown
  /** Leaves the lifespan. @throws what the lifespan threw */
  close (): Promise<void>
}

/** Enters the lifespan of a server. @param given The user's app, which stays open. @throws what the lifespan threw */
export async function openHost (server: ServerDefinition, given: FastifyInstance | undefined): Promise<Host> {
  const app = given ?? await createApp()
  const closeOwn = async (): Promise<void> => { if (given === undefined) await app.close() }
  try {
    await app.ready()
    const entered = await server.enter?.(app)
    return { app, lifespan: entered?.value, close: () => leave(app, entered?.close).finally(closeOwn) }
  } catch (error) {
    await closeOwn()
    throw error
  }
}

// Fastify is loaded here, so that options are checked first. A user who passes an app has loaded Fastify already.
async function createApp (): Promise<FastifyInstance> {
  const { default: Fastify } = await import('fastify')
  return Fastify({ logger: { stream: process.stderr } })
}

async function leave ({ log }: FastifyInstance, close: (() => void | Promise<void>) | undefined): Promise<void> {
  try {
    await close?.()
  } catch (err) {
    log.error({ err }, 'a lifespan failed to close')
    throw err
  }
}
