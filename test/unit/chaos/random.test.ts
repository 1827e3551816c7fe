import { expect, it } from 'vitest'
import { createChance } from '../../chaos/random.ts'

const draw = (seed: number) => {
  const chance = createChance(seed)
  const parts = [chance.fork(), chance.fork(), chance]
  return parts.map((part) => [part.next(), part.between(1, 6), part.pick('abcdef'.split(''))])
}

it('the same seed plays the same chance again, another seed another', () => {
  expect(draw(42)).toEqual(draw(42))
  expect(draw(42)).not.toEqual(draw(43))
})

it('a part is not disturbed by how much chance the others take', () => {
  const [one, two] = [createChance(7), createChance(7)]
  const [partOne, partTwo] = [one.fork(), two.fork()]
  one.next()
  expect([partOne.next(), partOne.next()]).toEqual([partTwo.next(), partTwo.next()])
})

it('whole numbers reach both ends and no further', () => {
  const chance = createChance(1)
  const drawn = Array.from({ length: 600 }, () => chance.between(1, 6))
  expect(new Set(drawn)).toEqual(new Set([1, 2, 3, 4, 5, 6]))
})
