// As Prototype.js and MooTools did.
Array.prototype.toJSON = function () {
  return `[${this.map((item) => JSON.stringify(item)).join(', ')}]`
}
Array.from = (items) => (Array.isArray(items) ? items : [items])
Object.prototype.each = function (run) {
  for (const key in this) run(this[key], key)
}
Function.prototype.bind = function (self, ...first) {
  return (...rest) => this.apply(self, [...first, ...rest])
}
HTMLElement.prototype.remove = function () {
  this.parentNode.removeChild(this)
  return this
}

// As those do that watch pages.
const { fetch: originalFetch } = window
window.fetch = async (...given) => originalFetch(...given)

document.addEventListener('keydown', ({ key }) => {
  document.querySelector('output').textContent += ` ${key}`
})
