import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/form.css'
import { render } from 'preact'
import { followPlace } from './state/current.ts'
import { App } from './view/app.tsx'

followPlace()
const root = document.getElementById('app')
if (root !== null) render(<App />, root)
