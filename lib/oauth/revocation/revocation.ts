// Withdraws the access of users, clients and grants: of what the store has, and of access tokens that are out already.
import type { Accounts } from '../accounts.ts'
import type { ServerSettings } from '../settings.ts'
import { createEpochs, type Epochs } from './epochs.ts'
import { createNotes } from './notes.ts'
import { RevocationList } from './revocation-list.ts'

/** Whose access is withdrawn: a user's with all clients, or a client's for all users. */
export type RevokedAccess =
  | {
    /** The user, as in `ctx.auth.subject`. */
    readonly subject: string
  }
  | {
    /** The client, as in `ctx.auth.clientId`. */
    readonly clientId: string
  }

/** The withdrawal of access. */
export interface Revocation {
  readonly epochs: Epochs
  readonly list: RevocationList
  /** Withdraws the tokens of one grant. */
  revokeGrant (grantId: string): Promise<void>
  /** Withdraws all access of a user or a client. @throws TypeError */
  revoke (access: RevokedAccess): Promise<void>
  /**
   * Withdraws all access of a user who must sign in again. The call that found this out still gets its reply, so
   * sessions and calls go on, and a new token can use them. Streams on which the user's clients listen bring nothing
   * until then.
   */
  endSignIn (subject: string): Promise<void>
}

// By how many milliseconds a token may be accepted beyond its expiry, by clocks that differ.
const MARGIN = 60_000

/** Creates the withdrawal of access. */
export function createRevocation (settings: ServerSettings, accounts: Pick<Accounts, 'end'>): Revocation {
  const { store, issuer, lifetimes, isStoreDefault, revocationInterval } = settings
  const epochs = createEpochs(settings)
  const ttl = lifetimes.accessToken + MARGIN
  const interval = isStoreDefault ? undefined : revocationInterval
  const list = new RevocationList({ issuer, notes: createNotes(store, ttl), ttl, interval })

  return {
    epochs,
    list,
    revokeGrant: async (grantId) => { await list.add({ kind: 'grantId', name: grantId }) },
    async revoke (access) {
      const { kind, name } = readAccess(access)
      const epoch = await epochs.begin(kind, name)
      if (kind === 'subject') await accounts.end(name)
      await list.add({ kind, name, epoch })
    },
    async endSignIn (subject) {
      const epoch = await epochs.begin('subject', subject)
      await accounts.end(subject)
      await list.add({ kind: 'subject', name: subject, epoch, sparesSessions: true })
    }
  }
}

function readAccess (access: RevokedAccess): { readonly kind: 'subject' | 'clientId', readonly name: string } {
  const given: { readonly subject?: unknown, readonly clientId?: unknown } = Object(access)
  const found = (['subject', 'clientId'] as const).filter((kind) => given[kind] !== undefined)
  const [kind, ...more] = found
  const name = kind === undefined ? undefined : given[kind]
  if (kind === undefined || more.length > 0 || typeof name !== 'string' || name === '') {
    throw new TypeError("revoke needs either 'subject' or 'clientId', a string, such as { subject: 'ann' }")
  }
  return { kind, name }
}
