// Builds the page of the explorer into explorer/dist/, from where `npm run build` copies it into the package.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const folder = fileURLToPath(new URL('.', import.meta.url))

// zod would try to compile its checks by `new Function`, which the policy of the page refuses and reports.
const WITHOUT_EVAL = '(globalThis.__zod_globalConfig??={}).jitless=true;'

/** Nothing is painted before the script has run, so that the page neither flashes nor moves. */
const paintOnce = {
  name: 'paint-once',
  transformIndexHtml: (html) => html.replace('<script type="module"', '<script type="module" blocking="render"')
}

/** The browser loads what the page needs next, the official client, once it has all that it needs first. */
const preloadNext = {
  name: 'preload-next',
  transformIndexHtml: {
    order: 'post',
    handler: (_html, { bundle = {}, filename }) => {
      if (!filename.endsWith('index.html')) return []
      const chunks = Object.values(bundle)
      const main = chunks.find(({ isEntry, name }) => isEntry && name === 'main')
      const client = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith('/state/client.ts'))
      const loaded = new Set([main.fileName, ...main.imports])
      const files = [client.fileName, ...client.imports].filter((name) => !loaded.has(name))
      return files.map(preload)
    }
  }
}

function preload (name) {
  const attrs = { rel: 'preload', as: 'script', href: `./${name}`, crossorigin: true, fetchpriority: 'low' }
  return { tag: 'link', attrs, injectTo: 'head' }
}

export default defineConfig({
  plugins: [paintOnce, preloadNext],
  root: folder,
  // Relative, so that the page works below any prefix and behind any proxy.
  base: './',
  logLevel: 'warn',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  resolve: {
    // The form library is written for React.
    alias: [
      { find: /^react$|^react-dom$/, replacement: 'preact/compat' },
      { find: 'react/jsx-runtime', replacement: 'preact/jsx-runtime' }
    ]
  },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: 'es2022',
    // Browsers that run the page know modulepreload; images stay files, which the policy of the page allows.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        intro: WITHOUT_EVAL,
        // One file for all that the first view needs, instead of one more for each part that later views use, too.
        codeSplitting: { groups: [{ name: 'first', tags: ['$initial'], test: /^(?!.*[\\/]callback\.(?:html|ts)$)/ }] }
      },
      // The form library marks its modules for servers of React, which there are none of here.
      onwarn: (warning, warn) => { if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning) },
      input: { main: `${folder}index.html`, callback: `${folder}callback.html` }
    }
  }
})
