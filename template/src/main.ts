// Runs the app until SIGINT or SIGTERM.
import { closeOnSignal } from 'fastify-mcp-mount'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'

const config = readConfig(process.env)
const app = createApp(config, { logger: { level: config.logLevel } })

// Calls that are running may finish. A second signal ends the process at once. Behind a balancer, set `drain` to more
// milliseconds than pass between its checks of readiness, such as `{ drain: 5000 }`.
closeOnSignal(app)
await app.listen({ host: config.host, port: config.port })
