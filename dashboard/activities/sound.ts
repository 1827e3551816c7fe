/** A soft sound, made here: two tones, a quarter of a second. */

/** Makes it. Browsers keep a page silent until somebody has clicked in it; then nothing is heard. */
export function createSound(): { play(): void } {
  let context: AudioContext | null = null
  return {
    play() {
      context ??= new AudioContext()
      const { currentTime: now, destination } = context
      const volume = context.createGain()
      volume.gain.setValueAtTime(0, now)
      volume.gain.linearRampToValueAtTime(0.12, now + 0.02)
      volume.gain.exponentialRampToValueAtTime(0.001, now + 0.3)
      volume.connect(destination)
      for (const [frequency, after] of [
        [660, 0],
        [880, 0.09],
      ] as const) {
        const tone = context.createOscillator()
        tone.frequency.value = frequency
        tone.connect(volume)
        tone.start(now + after)
        tone.stop(now + 0.32)
      }
    },
  }
}
