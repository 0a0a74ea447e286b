// One contender in a process of its own: prints its URL, and for each line on standard input the CPU time used so far.
import { createInterface } from 'node:readline'
import { CONTENDERS } from './contenders.ts'

const contender = CONTENDERS[process.argv[2] ?? '']
if (contender === undefined) throw new Error(`no contender is named '${process.argv[2]}'`)

const app = contender.create()
console.log(await app.listen({ port: 0 }))
createInterface({ input: process.stdin })
  .on('line', () => {
    const { user, system } = process.cpuUsage()
    console.log(user + system)
  })
  .on('close', () => app.close())
