// Starts the official MCP Inspector, a page in the browser, on an endpoint.
import { spawn, type ChildProcess } from 'node:child_process'
import type { Terminal } from './terminal.ts'

const PACKAGE_NAME = '@modelcontextprotocol/inspector'

/**
 * Starts the Inspector by npx, which installs it on its first use. If it cannot be started or ends with an error, the
 * server goes on and the reason is printed.
 */
export function startInspector (url: string, terminal: Terminal): ChildProcess {
  // The options are those of https://modelcontextprotocol.io/docs/tools/inspector
  const args = ['--yes', PACKAGE_NAME, '--transport', 'http', '--server-url', url]
  terminal.out(terminal.dim(`Starts the MCP Inspector: npx ${args.join(' ')}`))
  const child = spawn('npx', args, {
    env: { ...terminal.process.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // npx is a script on Windows, which only a shell starts.
    shell: process.platform === 'win32'
  })
  terminal.forward(child)
  child.once('error', ({ message }) => { terminal.err(explain(`npx cannot be run: ${message}`)) })
  child.once('exit', (code) => {
    if (code !== 0 && code !== null) terminal.err(explain(`it ended with exit code ${code}`))
  })
  return child
}

function explain (reason: string): string {
  return `The MCP Inspector cannot be started: ${reason}. It needs Node.js 22.19 or newer, and the npm registry the ` +
    'first time. The server goes on without it.'
}
