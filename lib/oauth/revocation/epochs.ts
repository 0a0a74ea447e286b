// The epochs of users and clients. Withdrawing access begins a new epoch, and every entry of an earlier epoch
// counts as gone. So nothing has to be searched for, and no clocks are compared.
import { randomBytes } from 'node:crypto'
import type { ServerSettings } from '../settings.ts'

/** Whose access it is: a user, a client, or a user who uses a client. */
export interface Owner {
  readonly subject?: string | undefined
  readonly clientId?: string | undefined
}

/** The epochs of users and clients. A stamp is the text of both epochs of an owner. */
export interface Epochs {
  /** Returns the stamp of an owner now. */
  stamp (owner: Owner): Promise<string>
  /** Stamps the entry of a key, unless it has a stamp. @param ttl Milliseconds for which the stamp is kept. */
  keep (key: string, owner: Owner, ttl: number): Promise<void>
  /** Returns the stamp of the entry of a key. */
  read (key: string): Promise<string>
  /** Returns whether no access of the owner was withdrawn since the entry of a key was stamped. */
  isCurrent (key: string, owner: Owner): Promise<boolean>
  /** Begins a new epoch of a user or a client, and returns it. */
  begin (kind: keyof Owner, name: string): Promise<string>
}

const NONE = '.'

/** Returns the epochs in a stamp; empty where there was none. */
export function readStamp (stamp: string = NONE): { readonly subject: string, readonly clientId: string } {
  const [subject = '', clientId = ''] = stamp.split('.')
  return { subject, clientId }
}

/** Creates the epochs of an authorization server. */
export function createEpochs ({ store, lifetimes }: ServerSettings): Epochs {
  // Whatever was kept in an earlier epoch has expired by then.
  const { grant, refreshToken, session, consent, accessToken } = lifetimes
  const ttl = Math.max(grant, refreshToken, session, consent) + accessToken
  const keyOf = (kind: keyof Owner, name: string): string => `epoch-of-${kind}:${name}`
  const find = async (kind: keyof Owner, name: string | undefined): Promise<string> =>
    name === undefined ? '' : await store.get(keyOf(kind, name)) ?? ''

  async function stamp ({ subject, clientId }: Owner): Promise<string> {
    return (await Promise.all([find('subject', subject), find('clientId', clientId)])).join('.')
  }
  const read = async (key: string): Promise<string> => await store.get(`epochs:${key}`) ?? NONE

  return {
    stamp,
    read,
    async keep (key, owner, ttl) {
      const known = await store.get(`epochs:${key}`)
      await store.set(`epochs:${key}`, known ?? await stamp(owner), ttl)
    },
    async isCurrent (key, owner) {
      const now = readStamp(await stamp(owner))
      if (now.subject === '' && now.clientId === '') return true
      const kept = readStamp(await read(key))
      return (now.subject === '' || now.subject === kept.subject) &&
        (now.clientId === '' || now.clientId === kept.clientId)
    },
    async begin (kind, name) {
      const epoch = randomBytes(12).toString('hex')
      await store.set(keyOf(kind, name), epoch, ttl)
      return epoch
    }
  }
}
