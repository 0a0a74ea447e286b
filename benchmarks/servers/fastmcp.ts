// `fastmcp`, with JSON replies.
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { FastMCP } from 'fastmcp'
import { z } from 'zod'
import { saved, SERVER_INFO } from '../tools.ts'
import type { WorkloadName } from '../workloads.ts'
import type { Serving } from './serving.ts'

/** Starts the server. */
export async function serve (workload: WorkloadName): Promise<Serving> {
  const server = new FastMCP({ name: SERVER_INFO.name, version: '1.0.0' })
  server.addTool({
    name: 'add_note',
    parameters: z.object({ text: z.string() }),
    execute: async ({ text }) => saved(text)
  })

  const port = await findPort()
  await server.start({
    transportType: 'httpStream',
    httpStream: { port, host: '127.0.0.1', enableJsonResponse: true, stateless: workload === 'legacy call' }
  })
  return { url: `http://127.0.0.1:${port}/mcp` }
}

// fastmcp does not expose its port.
async function findPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The cast holds, because a server that listens on a port has an address object.
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
