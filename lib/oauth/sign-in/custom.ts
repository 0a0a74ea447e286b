// Sign-in by the app itself.
import { func, required, text } from '../../options/checks.ts'
import { resolve, type TableOf } from '../../options/table.ts'
import type { SignIn } from './sign-in.ts'

/** Options of {@link custom}. */
export type CustomSignInOptions<User> = Omit<SignIn<User>, 'name'> & {
  /** The name of the sign-in, for messages. @default 'the app' */
  readonly name?: string
}

const CUSTOM = {
  name: text('the app'),
  start: required(func<SignIn<unknown>['start']>()),
  finish: required(func<SignIn<unknown>['finish']>()),
  refresh: func<NonNullable<SignIn<unknown>['refresh']>>(),
  readUser: func<NonNullable<SignIn<unknown>['readUser']>>(),
  identify: required(func<SignIn<unknown>['identify']>())
} satisfies TableOf<CustomSignInOptions<unknown>>

/**
 * Signs users in by functions of the app. `start` returns the URL of a page that signs the user in and then sends the
 * browser to `callbackUrl` with `state` and a proof of your own in the query. `finish` checks the proof.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @example
 * const tickets = new Map([['a one-time ticket of your login page', { id: '7', email: 'ada@example.com' }]])
 * const signIn = custom({
 *   start: ({ callbackUrl, state }) => ({ url: `/login?${new URLSearchParams({ to: callbackUrl, state })}` }),
 *   finish ({ url }) {
 *     const ticket = String(url.searchParams.get('ticket'))
 *     const user = tickets.get(ticket)
 *     tickets.delete(ticket)
 *     if (user === undefined) throw new SignInRefusedError('Sign in again.')
 *     return user
 *   },
 *   identify: ({ id, email }) => ({ subject: id, label: email })
 * })
 */
export function custom<User> (options: CustomSignInOptions<User>): SignIn<User> {
  // Only `finish` makes the users that `identify` gets.
  return resolve(CUSTOM, options as CustomSignInOptions<unknown>, 'custom.') as SignIn<User>
}
