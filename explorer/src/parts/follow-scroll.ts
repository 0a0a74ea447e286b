/** Calls back when an element gets its size, is resized, and is scrolled. Returns a function that ends this. */
export function followScroll (element: Element, look: () => void): () => void {
  const observer = new ResizeObserver(look)
  observer.observe(element)
  element.addEventListener('scroll', look, { passive: true })
  return () => {
    observer.disconnect()
    element.removeEventListener('scroll', look)
  }
}
