#!/usr/bin/env node
// The program `fastify-mcp-mount`.
import { runProgram } from './cli/program.ts'
import { createTerminal } from './cli/terminal.ts'

process.exitCode = await runProgram(process.argv.slice(2), createTerminal(process))
