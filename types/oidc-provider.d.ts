// The package has no types of its own; these are of what tests use.
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  interface SavedToken {
    readonly jti: string
    readonly accountId: string
    destroy (): Promise<void>
  }

  export default class Provider {
    constructor (issuer: string, configuration: object)
    callback (): RequestListener
    on (event: 'access_token.saved' | 'refresh_token.saved', listener: (token: SavedToken) => void): this
    on (event: 'grant.success', listener: (ctx: { oidc: { params: Record<string, string> } }) => void): this
  }
}
