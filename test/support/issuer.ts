// Starts the part of an authorization server that a resource server sees: keys, metadata, introspection.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTHeaderParameters } from 'jose'
import type { Test } from 'tap'

/** The claims of a token. A claim that is undefined is left out. */
export type Claims = Readonly<Record<string, unknown>>

/** An issuer of tokens. */
export interface Issuer {
  readonly url: string
  /** The requests: their paths and bodies. */
  readonly asked: Array<{ readonly path: string, readonly body: string, readonly authorization: string | undefined }>
  /** The public key. */
  readonly jwk: JWK
  /** The reply for each path: JSON, a status, or a function. */
  readonly answers: Map<string, object | number | ((request: IncomingMessage, response: ServerResponse) => void)>
  /** Signs claims as they are. */
  sign (claims: Claims, header?: Partial<JWTHeaderParameters>): Promise<string>
}

/** The moment at which tests verify tokens, in milliseconds and in seconds. */
export const NOW = 1_700_000_000_000
export const NOW_SECONDS = NOW / 1000

export const RESOURCE = 'https://api.example.com/mcp'

/** Starts an issuer; it ends with the test. */
export async function createIssuer (t: Test, algorithm = 'ES256'): Promise<Issuer> {
  const asked: Issuer['asked'] = []
  const answers: Issuer['answers'] = new Map()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (chunk) => { body += chunk }).on('end', () => {
      const path = String(request.url)
      asked.push({ path, body, authorization: request.headers.authorization })
      const answer = answers.get(path) ?? 404
      if (typeof answer === 'function') answer(request, response)
      else if (typeof answer === 'number') response.writeHead(answer).end()
      else response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.close(); server.closeAllConnections() })

  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { publicKey, privateKey } = await generateKeyPair(algorithm)
  const jwk = { ...await exportJWK(publicKey), kid: 'one', use: 'sig' }
  answers.set('/jwks', { keys: [jwk] })
  return {
    url,
    asked,
    jwk,
    answers,
    sign: (claims, header) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg: algorithm, kid: 'one', ...header }).sign(privateKey)
  }
}

/** Returns the claims of a valid token, with some changed. */
export function claimsOf ({ url }: Issuer, changes: Claims = {}): Claims {
  const exp = NOW_SECONDS + 60
  return { iss: url, aud: RESOURCE, sub: 'ann', client_id: 'app', scope: 'read write', exp, ...changes }
}
