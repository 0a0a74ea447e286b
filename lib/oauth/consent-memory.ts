// What users have consented to, so that they are not asked again.
import { createHash } from 'node:crypto'
import type { ConsentRequest } from './consent-request.ts'
import type { ServerParts } from './provider.ts'
import { isLocalRedirect } from './redirect-uri.ts'

/** Remembers what users have consented to. */
export interface ConsentMemory {
  /** Returns whether the user has allowed the client all that it asks for. */
  has (request: ConsentRequest): Promise<boolean>
  add (request: ConsentRequest): Promise<void>
}

/** Creates the memory of consent. */
export function createConsentMemory ({ settings, revocation: { epochs } }: ServerParts): ConsentMemory {
  const { store, lifetimes, remembersConsent } = settings
  // RFC 8252 8.6: any program of the device can use the id of a client that runs on it.
  const isKept = ({ redirectUri }: ConsentRequest): boolean => remembersConsent && !isLocalRedirect(redirectUri)

  // With the stamp, consent is forgotten when the access of the user or the client is withdrawn.
  async function keyOf ({ account: { subject }, clientId, redirectUri, resource }: ConsentRequest): Promise<string> {
    const stamp = await epochs.stamp({ subject, clientId })
    const text = JSON.stringify([subject, clientId, redirectUri, resource.id, stamp])
    return `consent:${createHash('sha256').update(text).digest('base64url')}`
  }

  return {
    async has (request) {
      if (!isKept(request)) return false
      const granted = await store.get(await keyOf(request))
      if (granted === undefined) return false
      const before = new Set(granted.split(' '))
      return request.scopes.every((scope) => before.has(scope))
    },
    async add (request) {
      if (isKept(request)) await store.set(await keyOf(request), request.scopes.join(' '), lifetimes.consent)
    }
  }
}
