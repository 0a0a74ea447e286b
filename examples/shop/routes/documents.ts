// What machines read. None of these routes becomes a tool, whatever the mount includes.
import type { FastifyPluginAsync } from 'fastify'

const documents: FastifyPluginAsync = async (app) => {
  app.get('/health', async () => ({ status: 'ok' }))
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

export default documents
