// What the servers that are measured have in common.
import type { FastifyInstance } from 'fastify'

/** A server that listens. */
export interface Serving {
  readonly url: string
  /** What its requests need besides, such as a token. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Lets an app listen. */
export async function listen (app: FastifyInstance): Promise<Serving> {
  return { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp` }
}

/** A contender was asked for what it cannot do. */
export function cannot (workload: string): never {
  throw new Error(`cannot do '${workload}'`)
}
