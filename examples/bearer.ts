// A server that accepts access tokens: JWTs whose signature, issuer, audience and times are checked. One tool needs a
// scope. The program issues and prints tokens itself; set ISSUER to use your authorization server.
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, jwtVerifier, McpServer, Type } from 'fastify-mcp-mount'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'

const { PORT = '8000', ISSUER } = process.env
const publicUrl = `http://127.0.0.1:${PORT}`
const resource = `${publicUrl}/mcp`
const issuer = ISSUER ?? `${publicUrl}/issuer`

const notes: string[] = []
const server = new McpServer({ name: 'Notes', version: '1.0.0' })

server.registerTool('list_notes', { description: 'List the notes.' }, () =>
  notes.length === 0 ? 'There is none' : notes
)

// Callers without the scope neither see nor call this tool. A refusal names the scope to ask for.
server.registerTool('add_note', {
  description: 'Save a note.',
  inputSchema: Type.Object({ text: Type.String({ minLength: 1 }) }),
  scopes: ['notes:write']
}, ({ text }, { auth }) => {
  notes.push(`${auth?.subject}: ${text}`)
  return `Saved for ${auth?.subject}`
})

const app = Fastify({ logger: true })
app.register(mcpPlugin, {
  server,
  publicUrl,
  auth: {
    verify: jwtVerifier({ issuer, ...(ISSUER === undefined && { jwksUri: `${issuer}/keys` }) }),
    authorizationServers: [issuer],
    requiredScopes: ['notes:read'],
    scopesSupported: ['notes:read', 'notes:write']
  }
})
if (ISSUER === undefined) await playIssuer()

closeOnSignal(app)
await app.listen({ host: '127.0.0.1', port: Number(PORT) })
for (const { url } of app.mcp) console.log(`MCP endpoint ${url}`)

// Stands in for an authorization server, for trying this only: the output of the process has tokens, valid for an hour.
async function playIssuer (): Promise<void> {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const key = { ...await exportJWK(publicKey), kid: 'example', alg: 'ES256', use: 'sig' }
  app.get('/issuer/keys', async () => ({ keys: [key] }))

  for (const [subject, scope] of [['reader', 'notes:read'], ['writer', 'notes:read notes:write']] as const) {
    const token = await new SignJWT({ scope, client_id: 'example' })
      .setProtectedHeader({ alg: 'ES256', kid: 'example', typ: 'at+jwt' })
      .setIssuer(issuer).setAudience(resource).setSubject(subject).setIssuedAt().setExpirationTime('1h')
      .sign(privateKey)
    console.log(`Token of the ${subject}: ${token}`)
  }
}
