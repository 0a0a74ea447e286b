// Sends browsers to the identity provider, and binds each of them to the authorization request that it leaves.
import { createHash, randomBytes } from 'node:crypto'
import { INTERACTION_TTL } from './paths.ts'
import type { ServerParts } from './provider.ts'
import type { SignInReturn } from './sign-in/sign-in.ts'

/** The path that the identity provider sends browsers back to. */
export const CALLBACK_PATH = '/oauth/callback'

/** Where a browser goes, with the cookie by which it is known again. */
export interface Departure { readonly url: string, readonly cookie: string }

/** A browser that has come back. */
export interface Arrival {
  /** The authorization request that it left. */
  readonly uid: string
  readonly returned: Omit<SignInReturn, 'keepTokens'>
  /** Removes the cookie of the departure. */
  readonly cookie: string
}

/** Sends browsers away, and knows them again. */
export interface Departures {
  /** Begins a sign-in. @param otherAccount Whether the user asks for another account. */
  depart (uid: string, otherAccount: boolean): Promise<Departure>
  /** Returns undefined unless the same browser left, and has not come back yet. */
  arrive (search: string, cookies: string | undefined): Promise<Arrival | undefined>
}

interface Away { readonly uid: string, readonly browser: string, readonly kept?: unknown }

/** Creates the functions that send browsers away. */
export function createDepartures ({ settings: { store, signIn, issuer, publicUrl }, keys }: ServerParts): Departures {
  const callbackUrl = issuer + CALLBACK_PATH
  const path = new URL(callbackUrl).pathname
  const [prefix, secure] = publicUrl.protocol === 'https:' ? ['__Secure-', '; Secure'] : ['', '']
  // Each sign-in has a cookie of its own, so several tabs can sign in at once.
  const cookieOf = (state: string): string =>
    `${prefix}mcp-state-${createHash('sha256').update(state).digest('base64url').slice(0, 16)}`

  return {
    async depart (uid, otherAccount) {
      const [state = '', browser = ''] = [randomBytes(32), randomBytes(32)].map((bytes) => bytes.toString('base64url'))
      const { url, kept } = await signIn.start({ callbackUrl, state, otherAccount })
      const away: Away = { uid, browser: keys.sign('browser', browser), kept }
      await store.set(`sign-in:${state}`, JSON.stringify(away), INTERACTION_TTL)
      const attributes = `Path=${path}; HttpOnly; SameSite=Lax; Max-Age=${INTERACTION_TTL / 1000}${secure}`
      return { url, cookie: `${cookieOf(state)}=${browser}; ${attributes}` }
    },
    async arrive (search, cookies) {
      const url = new URL(callbackUrl)
      url.search = search
      const state = url.searchParams.get('state') ?? ''
      const browser = readCookie(cookies, cookieOf(state))
      const text = browser === undefined ? undefined : await store.take(`sign-in:${state}`)
      if (browser === undefined || text === undefined) return undefined
      const { uid, browser: signature, kept } = JSON.parse(text) as Away // written by depart
      if (!keys.isSigned('browser', browser, signature)) return undefined
      const cookie = `${cookieOf(state)}=; Path=${path}; Max-Age=0${secure}`
      return { uid, cookie, returned: { url, state, callbackUrl, kept } }
    }
  }
}

function readCookie (header: string | undefined, name: string): string | undefined {
  const pair = header?.split(/; */).find((one) => one.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}
