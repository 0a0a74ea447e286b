// Runs the app: PORT, HOST and PUBLIC_URL say where.
import { createApp } from './app.ts'

const { PORT = '8000', HOST = '127.0.0.1', PUBLIC_URL } = process.env
const app = createApp({ logger: true, publicUrl: PUBLIC_URL })

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { app.close() })
await app.listen({ port: Number(PORT), host: HOST })
