// Keeps the records of oidc-provider in an OAuthStore.
import type { ProviderModule } from './peers.ts'
import type { Epochs, Owner } from './revocation/epochs.ts'
import type { OAuthStore } from './store.ts'

type Payload = Readonly<Record<string, unknown>>

/** The interface that oidc-provider expects of a database, for the records of one model. */
export interface Adapter {
  upsert (id: string, payload: Payload, expiresIn?: number): Promise<void>
  find (id: string | undefined): Promise<Payload | undefined>
  findByUid (uid: string): Promise<Payload | undefined>
  findByUserCode (code: string): Promise<undefined>
  consume (id: string): Promise<void>
  destroy (id: string): Promise<void>
  revokeByGrantId (grantId: string): Promise<void>
}

/** What adapters need in addition to a store. Lifetimes are milliseconds. */
export interface AdapterSettings {
  /** How long a client stays registered without being used. */
  readonly unusedClient: number
  /** The longest lifetime of a token: as long as a grant must stay revoked. */
  readonly grant: number
  readonly epochs: Epochs
  /** Called when a grant is revoked. */
  readonly onGrantRevoked: (grantId: string) => Promise<void>
}

// The records of users that would outlive a withdrawal of access. Codes and refresh tokens are no good without a grant.
const STAMPED = ['Grant', 'Session']

/** The name of the stamp of a record, which says in which epochs it was created. */
export function stampOf (model: string, id: string): string {
  return `${model}:${id}`
}

/**
 * For how many milliseconds a replay of a used token is recognized. Afterwards the token is unknown, as if it had never
 * been. Clients get a new refresh token with each access token, so keeping the old ones longer would fill the store.
 */
const REPLAY_DETECTION = 24 * 60 * 60 * 1000

/** Keeps a client that a user has signed in with. @param ttl Milliseconds from now. */
export async function keepClient (store: OAuthStore, clientId: string, ttl: number): Promise<void> {
  const text = await store.get(`Client:${clientId}`)
  if (text !== undefined) await store.set(`Client:${clientId}`, text, ttl)
}

/**
 * Creates the factory of adapters for a provider.
 *
 * A revoked grant leaves a mark under which none of its codes and tokens is found. Grants and sessions of an earlier
 * epoch of their user or client are not found either. Codes and refresh tokens are used up
 * by `add`, so of two requests with the same one, at most one succeeds, on all nodes together.
 */
export function createAdapters (
  store: OAuthStore, settings: AdapterSettings, { InvalidGrant }: ProviderModule['errors']
): (model: string) => Adapter {
  const { unusedClient, grant, epochs, onGrantRevoked } = settings
  const revokedKey = (grantId: unknown): string => `revoked:${String(grantId)}`
  const isRevoked = async ({ grantId }: Payload): Promise<boolean> =>
    grantId !== undefined && await store.get(revokedKey(grantId)) !== undefined

  async function revokeGrant (grantId: string): Promise<void> {
    await store.set(revokedKey(grantId), '1', grant)
    await onGrantRevoked(grantId)
  }

  return function createAdapter (model) {
    const isStamped = STAMPED.includes(model)
    const keyOf = (id: string): string => `${model}:${id}`
    const uidKeyOf = (uid: unknown): string => `${model}-uid:${String(uid)}`
    const consumedKeyOf = (id: string): string => `${model}-consumed:${id}`

    async function find (id: string | undefined): Promise<Payload | undefined> {
      const text = id === undefined ? undefined : await store.get(keyOf(id))
      if (text === undefined || id === undefined) return undefined
      const payload = JSON.parse(text) as Payload // written by upsert
      if (await isRevoked(payload)) return undefined
      if (isStamped && !await epochs.isCurrent(stampOf(model, id), ownerOf(payload))) return undefined
      const consumed = await store.get(consumedKeyOf(id))
      return consumed === undefined ? payload : { ...payload, consumed: Number(consumed) }
    }

    return {
      find,
      async upsert (id, payload, expiresIn) {
        const ttl = expiresIn === undefined ? unusedClient : expiresIn * 1000
        // The provider has found no such record. Of several requests at once, one adds it.
        const isOnce = model === 'ReplayDetection'
        if (isOnce && !await store.add(keyOf(id), '{}', ttl)) throw new InvalidGrant('already used')
        const owner = ownerOf(payload)
        if (isStamped && owner.subject !== undefined) await epochs.keep(stampOf(model, id), owner, ttl)
        await store.set(keyOf(id), JSON.stringify(payload), ttl)
        if (model === 'Session') await store.set(uidKeyOf(payload['uid']), id, ttl)
      },
      findByUid: async (uid) => find(await store.get(uidKeyOf(uid))),
      // Only the device flow, which is off, has user codes.
      findByUserCode: async () => undefined,
      async consume (id) {
        const text = await store.get(keyOf(id))
        if (text === undefined) throw new InvalidGrant('not found')
        const { exp, grantId } = JSON.parse(text) as { readonly exp: number, readonly grantId: string } // by upsert
        const ttl = Math.max(1000, Math.min(exp * 1000 - Date.now(), REPLAY_DETECTION))
        // The mark outlives the record, which would be good again without it.
        if (await store.add(consumedKeyOf(id), String(Math.floor(Date.now() / 1000)), ttl + 60_000)) {
          return await store.set(keyOf(id), text, ttl)
        }
        await revokeGrant(grantId)
        throw new InvalidGrant('already used')
      },
      destroy: async (id) => { await store.take(keyOf(id)) },
      revokeByGrantId: revokeGrant
    }
  }
}

// The provider writes both as strings.
function ownerOf ({ accountId, clientId }: Payload): Owner {
  return {
    ...(typeof accountId === 'string' && { subject: accountId }), ...(typeof clientId === 'string' && { clientId })
  }
}
