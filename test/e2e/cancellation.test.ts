import { testCancellation } from './talk/cancellation.ts'
import { setUpApp } from './talk/stage.ts'

testCancellation(setUpApp)
