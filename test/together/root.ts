import { runTogether } from '../run-together.ts'

// The files of no folder, and those of folders that have only a few.
runTogether('.', (name) => /^(?:(?:options|shares)\/)?[^/]+$/.test(name))
