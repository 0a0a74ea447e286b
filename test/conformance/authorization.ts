// Runs the official scenarios for authorization servers against `authorizationServer`. A browser plays the user, who
// opens the URL that the suite prints.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import Fastify from 'fastify'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import { authorizationServer, custom } from '../../lib/oauth/index.ts'
import { Browser, readForm } from '../oauth/browser.ts'
import { findPort } from '../support/free-port.ts'
import { findCli } from './suite.ts'

const TIMEOUT = 60_000
const CLIENT_ID = 'conformance'

/** How many scenarios the authorization server passed. */
export interface AuthorizationReport {
  readonly passed: number
  readonly failed: number
  /** All that the suite printed. */
  readonly output: string
}

/** Runs the scenarios of a suite. */
export async function runAuthorizationSuite (cli: string): Promise<AuthorizationReport> {
  const [port, callbackPort] = [await findPort(), await findPort()]
  const publicUrl = `http://localhost:${port}`
  const app = await startServer(publicUrl, `http://127.0.0.1:${callbackPort}/callback`)
  try {
    const { node, file } = findCli(cli)
    const child = spawn(node, [
      file, 'authorization', '--url', publicUrl, '--client-id', CLIENT_ID, '--resource', `${publicUrl}/mcp`,
      '-p', String(callbackPort)
    ], { timeout: TIMEOUT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stderr.on('data', (chunk: Buffer) => { output += String(chunk) })
    for await (const line of createInterface({ input: child.stdout })) {
      output += `${line}\n`
      if (line.startsWith(`${publicUrl}/oauth/authorize?`)) await signIn(line)
    }
    return { ...count(output), output }
  } finally {
    await app.close()
  }
}

async function startServer (publicUrl: string, redirectUri: string): Promise<{ close (): Promise<unknown> }> {
  const login = authorizationServer({
    publicUrl,
    keys: ['a secret of at least thirty-two characters'],
    clients: [{ clientId: CLIENT_ID, redirectUris: [redirectUri] }],
    signIn: custom({
      start: ({ callbackUrl, state }) => ({ url: `${callbackUrl}?${new URLSearchParams({ state })}` }),
      finish: () => 'ada',
      identify: (subject) => ({ subject, label: subject })
    })
  })
  const app = Fastify()
  app.register(login)
  const server = new McpServer({ name: 'Notes', version: '1.0.0' })
  app.register(mcpPlugin, { server, publicUrl, auth: login.auth })
  await app.listen({ port: Number(new URL(publicUrl).port), host: 'localhost' })
  return app
}

async function signIn (url: string): Promise<void> {
  const browser = new Browser((one) => one, () => false)
  const { action, fields } = readForm(await browser.visit(url))
  await browser.visit(action, { ...fields, decision: 'allow' })
}

function count (output: string): { readonly passed: number, readonly failed: number } {
  const marks = [...output.matchAll(/^([✓✗]) \S+: (\d+) passed, (\d+) failed$/gm)]
  const failed = marks.filter(([, mark, , checks]) => mark === '✗' || checks !== '0').length
  return { passed: marks.length - failed, failed }
}
