// The paths of the authorization server, below its public URL, and for how long browsers may be on their way.

/** The paths of the routes that clients use, and to which they send browsers. */
export const ROUTES = Object.freeze({
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  registration: '/oauth/register',
  revocation: '/oauth/revoke',
  jwks: '/oauth/jwks'
})

/** The path of the page of an authorization request that waits for the user. */
export const INTERACTION_PATH = '/oauth/sign-in'

/** How long a user may take to sign in and consent, in milliseconds. */
export const INTERACTION_TTL = 30 * 60 * 1000
