// Code that all measured servers share.
import type { FastifyInstance } from 'fastify'

/** A server that listens. */
export interface Serving {
  readonly url: string
  /** Additional headers of its requests, such as a token. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Lets an app listen. */
export async function listen (app: FastifyInstance): Promise<Serving> {
  return { url: `${await app.listen({ port: 0, host: '127.0.0.1' })}/mcp` }
}

/** A contender does not support the workload. */
export function cannot (workload: string): never {
  throw new Error(`cannot do '${workload}'`)
}
