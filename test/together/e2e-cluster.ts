import { runTogether } from '../run-together.ts'

// A process of their own, so that two cores share the tests of e2e/.
runTogether('e2e', (name) => name.startsWith('cluster-'))
