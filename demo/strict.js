const refused = []

document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  refused.push(`${violatedDirective} ${blockedURI}`)
  document.querySelector('output').textContent = refused.join(', ')
})
