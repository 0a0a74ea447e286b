// Asks `allow` and `claims` again when a client refreshes, about a user who signed in earlier.
import type { FastifyBaseLogger } from 'fastify'
import { SignInRequiredError } from '../errors.ts'
import type { Account, Accounts } from './accounts.ts'
import type { ServerSettings } from './settings.ts'
import type { Revocation } from './revocation/revocation.ts'
import { SignInRefusedError } from './sign-in/sign-in.ts'
import type { Upstream } from './upstream/upstream.ts'

/** The parts that admit users again. */
export interface ReadmissionParts {
  readonly settings: ServerSettings
  readonly accounts: Accounts
  readonly upstream: Upstream
  readonly revocation: Pick<Revocation, 'revoke'>
  readonly log: FastifyBaseLogger
}

/**
 * Admits a user again, and returns the account as it is now; undefined if the user may no longer come in. Then all
 * access of the user has been withdrawn.
 */
export type Readmit = (account: Account) => Promise<Account | undefined>

/** Creates the function that admits users again. */
export function createReadmission (
  { settings: { signIn, allow, claims }, accounts, upstream, revocation, log }: ReadmissionParts
): Readmit {
  const isAsked = allow !== undefined || claims !== undefined

  // The user as the identity provider has it now, or as of the last time.
  async function readUser ({ subject, user }: Account): Promise<unknown> {
    if (signIn.readUser === undefined) return user
    const { accessToken } = await upstream.get(subject)
    try {
      return await signIn.readUser(accessToken)
    } catch (error) {
      if (!(error instanceof SignInRefusedError)) throw error
      const other = await upstream.get(subject, { refused: accessToken })
      return await signIn.readUser(other.accessToken)
    }
  }

  async function judge (account: Account): Promise<Account> {
    const user = await readUser(account).catch((error: unknown) => {
      if (error instanceof SignInRequiredError || error instanceof SignInRefusedError) throw error
      log.warn({ err: error }, `${signIn.name} could not be asked about a user, who is judged as of the last time`)
      return account.user
    })
    const next = await accounts.admit(user)
    if (next.subject !== account.subject) throw new SignInRefusedError('the token is of another user')
    return next
  }

  return async function readmit (account) {
    try {
      return isAsked ? await judge(account) : account
    } catch (error) {
      if (!(error instanceof SignInRequiredError || error instanceof SignInRefusedError)) throw error
      await revocation.revoke({ subject: account.subject })
      return undefined
    }
  }
}
