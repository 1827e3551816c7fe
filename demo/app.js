import { mountWidget } from '/demo/lib/index.js'

const routes = {
  '/demo/app': { title: 'Home', text: 'The chat is mounted by a call and stays while you change pages.' },
  '/demo/app/settings': { title: 'Settings', text: 'Unmount the chat and mount it again: the conversation is kept.' },
}
const integrationToken = document.querySelector('meta[name="integration-token"]').content
const main = document.querySelector('main')
const status = document.querySelector('[role="status"]')
const mountButton = document.querySelector('#mount')
const unmountButton = document.querySelector('#unmount')

let widget = null

function show() {
  const { title, text } = routes[location.pathname] ?? { title: 'Not found', text: 'There is no such page.' }
  const heading = document.createElement('h1')
  heading.textContent = title
  const paragraph = document.createElement('p')
  paragraph.textContent = text
  main.replaceChildren(heading, paragraph)
  for (const link of document.querySelectorAll('nav a')) {
    if (link.pathname === location.pathname) link.setAttribute('aria-current', 'page')
    else link.removeAttribute('aria-current')
  }
}

function refresh(text) {
  mountButton.disabled = widget !== null
  unmountButton.disabled = widget === null
  status.textContent = text
}

mountButton.addEventListener('click', () => {
  widget = mountWidget({ integrationToken, serverUrl: location.origin })
  refresh('The chat is mounted.')
})

unmountButton.addEventListener('click', async () => {
  await widget.destroy()
  widget = null
  refresh('The chat is not mounted.')
})

document.addEventListener('click', (event) => {
  const link = event.target.closest('nav a')
  if (!link || !(link.pathname in routes) || event.metaKey || event.ctrlKey) return
  event.preventDefault()
  history.pushState(null, '', link.href)
  show()
})
addEventListener('popstate', show)

show()
mountButton.click()
