// One contender in a process of its own: sends where it listens, and for each message the CPU time that it has used so
// far.
import { SERVERS, type ServerName } from './index.ts'
import type { WorkloadName } from '../workloads.ts'

// Only contender.ts starts this.
const [, , name, workload] = process.argv as [string, string, ServerName, WorkloadName]

const { serve } = await SERVERS[name]()
process.send?.(await serve(workload))
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.(user + system)
})
process.on('disconnect', () => process.exit())
