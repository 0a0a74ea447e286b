// What users have consented to, so that they are not asked again.
import { createHash } from 'node:crypto'
import type { ConsentRequest } from './consent-request.ts'
import type { ServerSettings } from './options.ts'
import { isLocalRedirect } from './redirect-uri.ts'

/** Remembers what users have consented to. */
export interface ConsentMemory {
  /** Returns whether the user has allowed the client all that it asks for. */
  has (request: ConsentRequest): Promise<boolean>
  add (request: ConsentRequest): Promise<void>
}

/** Creates the memory of consent. */
export function createConsentMemory ({ store, lifetimes, remembersConsent }: ServerSettings): ConsentMemory {
  // RFC 8252 8.6: any program of the device can use the id of a client that runs on it.
  const isKept = ({ redirectUri }: ConsentRequest): boolean => remembersConsent && !isLocalRedirect(redirectUri)

  function keyOf ({ account, clientId, redirectUri, resource }: ConsentRequest): string {
    const text = JSON.stringify([account.subject, clientId, redirectUri, resource.id])
    return `consent:${createHash('sha256').update(text).digest('base64url')}`
  }

  return {
    async has (request) {
      if (!isKept(request)) return false
      const granted = await store.get(keyOf(request))
      if (granted === undefined) return false
      const before = new Set(granted.split(' '))
      return request.scopes.every((scope) => before.has(scope))
    },
    async add (request) {
      if (isKept(request)) await store.set(keyOf(request), request.scopes.join(' '), lifetimes.consent)
    }
  }
}
