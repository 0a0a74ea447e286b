import { h } from 'vue'
import DefaultTheme from 'vitepress/theme'
import terminal from '../../../docs/assets/dev.svg'
import './style.css'

/** The theme of VitePress, with the terminal of `dev` on the front page. */
export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, {
    'home-hero-image': () => h('img', { class: 'terminal', src: terminal, alt: 'fastify-mcp-mount dev in a terminal' })
  })
}
