/** A soft sound, made here: two tones, a third of a second. */

/** Makes it. Browsers keep a page silent until somebody has clicked in it; until then nothing is heard, nor later. */
export function createSound(): { play(): Promise<void> } {
  let context: AudioContext | null = null

  async function play(): Promise<void> {
    if (!navigator.userActivation.hasBeenActive) return
    context ??= new AudioContext()
    // A page that was in the background for long may have been put to sleep.
    if (context.state !== 'running') await context.resume()
    ring(context)
    await new Promise((resolve) => setTimeout(resolve, 400))
  }

  return {
    async play() {
      // One tab of the Dashboard is enough. Pages without HTTPS can't ask each other.
      if (!('locks' in navigator)) return play()
      await navigator.locks.request('lumika:sound', { ifAvailable: true }, async (lock) => {
        if (lock) await play()
      })
    },
  }
}

function ring(context: AudioContext): void {
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
}
