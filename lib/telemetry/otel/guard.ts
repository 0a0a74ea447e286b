// Keeps failures of OpenTelemetry away from requests: Node.js would end the process for an error in a subscriber.
import type * as Api from '@opentelemetry/api'

/** Runs some work. If it throws, the error is reported to `diag`, and the result is undefined. */
export function guard<T> ({ diag }: typeof Api, what: string, work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    diag.error(`fastify-mcp-mount: ${what} failed`, error)
    return undefined
  }
}
