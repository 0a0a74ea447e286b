// An authorization server in miniature: it publishes its key and has issued one token.
import { createServer } from 'node:http'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

/** The issuer of the token. */
export interface Issuer {
  readonly url: string
  readonly jwksUri: string
  /** PEM. */
  readonly publicKey: string
  /** Good for an hour. */
  readonly token: string
}

/** The publicUrl of the measured servers. */
export const PUBLIC_URL = 'https://notes.example.com'
/** The audience of the token. */
export const AUDIENCE = `${PUBLIC_URL}/mcp`

/** Starts an issuer. */
export async function createIssuer (): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = JSON.stringify({
    keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }]
  })
  const server = createServer((_request, response) =>
    response.setHeader('content-type', 'application/json').end(jwks)
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The cast holds, because a server that listens on a port has an address object.
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    url,
    jwksUri: `${url}/jwks`,
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    token: issueToken(url, privateKey)
  }
}

function issueToken (issuer: string, key: KeyObject): string {
  const seconds = Math.floor(Date.now() / 1000)
  const claims = {
    iss: issuer,
    aud: AUDIENCE,
    sub: 'ann',
    client_id: 'bench',
    scope: 'notes:write',
    iat: seconds,
    exp: seconds + 3600
  }
  const signed = [{ alg: 'RS256', kid: 'one', typ: 'at+jwt' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}
