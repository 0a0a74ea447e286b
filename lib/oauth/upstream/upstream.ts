// Gives handlers the access token that the identity provider has issued for their user.
import type { UpstreamOptions, UpstreamToken } from '../../auth/auth-info.ts'
import type { ServerSettings } from '../settings.ts'
import { SignInRefusedError, type UpstreamTokens } from '../sign-in/sign-in.ts'
import { createLock } from './lock.ts'
import { createRecords, refreshTokens, toUpstreamToken, type Records, type SignIns } from './records.ts'

/** The tokens of the users of an authorization server. */
export interface Upstream {
  /** Keeps the tokens of a user who is signing in; undefined if the sign-in has none. */
  keep (subject: string, tokens: UpstreamTokens | undefined): Promise<void>
  /**
   * Returns the access token of a user, refreshed if it is due.
   * @throws SignInRequiredError if it is gone; then the sign-in has ended. MCP_ERR_NO_UPSTREAM_TOKEN if the user never
   * signed in, but was asserted; then nothing ends.
   */
  get (subject: string, options?: UpstreamOptions): Promise<UpstreamToken>
}

/** By how many milliseconds before its expiry a token is refreshed, so that it is good for the request it is for. */
const LEEWAY = 60_000

type Refresh = (subject: string, kept: UpstreamTokens, isUsable: boolean) => Promise<UpstreamTokens>

/**
 * Creates the tokens of an authorization server. A refresh token may be good for one use, so a token is refreshed once,
 * however many calls on however many nodes need it at the same time.
 * @param now The clock, in milliseconds.
 */
export function createUpstream (settings: ServerSettings, accounts: SignIns, now: () => number = Date.now): Upstream {
  const records = createRecords(settings, accounts)
  const refresh = createRefresh(settings, records)
  const runAlone = createLock(settings.store)
  const running = new Map<string, Promise<UpstreamTokens>>()

  const isGood = ({ accessToken, expiresAt = Infinity }: UpstreamTokens, refused: string | undefined, leeway: number) =>
    accessToken !== refused && expiresAt * 1000 > now() + leeway

  async function refreshAlone (subject: string, refused: string | undefined): Promise<UpstreamTokens> {
    return await runAlone(`upstream-lock:${subject}`, async () => {
      // Who waited for the lock finds what another call has refreshed.
      const kept = await records.read(subject)
      return isGood(kept, refused, LEEWAY) ? kept : await refresh(subject, kept, isGood(kept, refused, 0))
    })
  }

  return {
    keep: records.write,
    async get (subject, { refused } = {}) {
      const kept = await records.read(subject)
      if (isGood(kept, refused, LEEWAY)) return toUpstreamToken(kept)
      const key = JSON.stringify([subject, refused])
      const pending = running.get(key) ?? refreshAlone(subject, refused).finally(() => { running.delete(key) })
      running.set(key, pending)
      return toUpstreamToken(await pending)
    }
  }
}

// A token that is still usable is returned if the provider gives no other one, but not after a refusal.
function createRefresh ({ signIn }: ServerSettings, records: Records): Refresh {
  async function ask ({ refreshToken }: UpstreamTokens): Promise<UpstreamTokens | 'refused' | undefined> {
    if (refreshToken === undefined) return undefined
    try {
      return await signIn.refresh?.(refreshToken)
    } catch (error) {
      if (error instanceof SignInRefusedError) return 'refused'
      throw new Error(`the token of ${signIn.name} could not be refreshed: ${describe(error)}`)
    }
  }

  return async function refresh (subject, kept, isUsable) {
    const answer = await ask(kept).catch((error: unknown) => {
      if (!isUsable) throw error
    })
    if (answer === undefined && isUsable) return kept
    // Meanwhile the user may have signed in again, or the sign-in may have ended.
    const latest = await records.read(subject)
    if (latest.accessToken !== kept.accessToken) return latest
    if (answer === undefined || answer === 'refused') return await records.end(subject)
    const fresh = refreshTokens(kept, answer)
    await records.write(subject, fresh)
    return fresh
  }
}

// The error itself may hold the answer of the provider, and with it tokens that must not reach the log.
function describe (error: unknown): string {
  const { message, cause }: { readonly message?: unknown, readonly cause?: unknown } = Object(error)
  const { code } = Object(cause)
  return typeof code === 'string' ? `${String(message)} (${code})` : String(message)
}
