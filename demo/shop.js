const count = document.querySelector('#count')

for (const button of document.querySelectorAll('.buy button')) {
  button.addEventListener('click', () => {
    count.textContent = String(Number(count.textContent) + 1)
  })
}
