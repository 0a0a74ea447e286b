// Runs the app until SIGINT or SIGTERM.
import { createApp } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig(process.env)
const app = createApp(config, { logger: { level: config.logLevel } })

// Calls that are running may finish. A second signal ends the process at once.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { app.close() })
await app.listen({ host: config.host, port: config.port })
