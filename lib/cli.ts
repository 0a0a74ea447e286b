#!/usr/bin/env node
// The program `fastify-mcp-mount`.
import { cleanFaults, cleanOutput } from './cli/foreign-output.ts'
import { runProgram } from './cli/program.ts'
import { createTerminal } from './cli/terminal.ts'

const terminal = createTerminal(process)
cleanOutput(process.stdout, process.stderr)
cleanFaults(process, terminal.err)
process.exitCode = await runProgram(process.argv.slice(2), terminal)
