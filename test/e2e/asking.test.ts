import { testAsking } from './talk/asking.ts'
import { setUpApp } from './talk/stage.ts'

testAsking(setUpApp)
