// Requests to an authorization server.
import { VerifierUnavailableError } from './token-error.ts'

/**
 * Fetches a JSON object. A redirect is an error, so that credentials are not sent elsewhere.
 *
 * @param timeout Milliseconds.
 * @throws VerifierUnavailableError for every failure.
 */
export async function fetchJson (
  url: string, timeout: number, init: RequestInit = {}
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    if (!response.ok) throw new Error(`the response has status ${response.status}`)
    const value: unknown = await response.json()
    if (typeof value !== 'object' || value === null) throw new Error('the response is not a JSON object')
    return { ...value }
  } catch (cause) {
    throw new VerifierUnavailableError(`the request to ${url} failed`, { cause })
  }
}
