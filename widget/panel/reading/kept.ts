/** Messages that are kept as nothing but nodes. */

/** Moves elements into another one, without the nodes in them that show nothing: what drew them marked its places with these. */
export function fill(element: Element, elements: Element[]): void {
  element.append(...elements)
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_COMMENT | NodeFilter.SHOW_TEXT)
  const empty: CharacterData[] = []
  while (walker.nextNode()) {
    const node = walker.currentNode as CharacterData
    if (node instanceof Comment || node.data === '') empty.push(node)
  }
  for (const node of empty) node.remove()
}

/** Which element in the messages of a block has the focus: its number, or -1. */
export function focusedIn(block: Element): number {
  const { activeElement } = block.getRootNode() as ShadowRoot
  return activeElement ? [...block.querySelectorAll('.entry *')].indexOf(activeElement) : -1
}
