// Questions to an authorization server.
import { VerifierUnavailableError } from './token-error.ts'

/**
 * Fetches a JSON object. No redirect is followed, so that nothing sent goes elsewhere.
 *
 * @param timeout Milliseconds.
 * @throws VerifierUnavailableError whatever goes wrong.
 */
export async function fetchJson (url: string, timeout: number, init: RequestInit = {}): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(timeout) })
    if (!response.ok) throw new Error(`it answered ${response.status}`)
    const value: unknown = await response.json()
    if (typeof value !== 'object' || value === null) throw new Error('it answered no JSON object')
    return { ...value }
  } catch (cause) {
    throw new VerifierUnavailableError(`${url} could not be asked`, { cause })
  }
}
