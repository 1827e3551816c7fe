/** Bytes in the words of a language, as people count them. */
export function sizeOf(bytes: number, locale: string): string {
  const [unit, size] = bytes < 999_500 ? ['kilobyte', Math.max(bytes / 1_000, 0.1)] : ['megabyte', bytes / 1_000_000]
  const maximumFractionDigits = (size as number) < 10 ? 1 : 0
  const format = { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits } as const
  return new Intl.NumberFormat(locale, format).format(size as number)
}
