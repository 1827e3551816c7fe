/** A short, soft tone. */

/** Shortest time between two tones, in milliseconds: many messages at once are one piece of news. */
const AGAIN_MS = 1_000
let last = -AGAIN_MS

/** Sounds it, where the browser allows that. Never throws; asked too early, a browser would complain in the console. */
export function ring(): void {
  const { userActivation } = navigator as { userActivation?: UserActivation }
  if (!userActivation?.hasBeenActive || performance.now() - last < AGAIN_MS) return
  last = performance.now()
  try {
    const audio = new AudioContext()
    const start = audio.currentTime
    const volume = audio.createGain()
    volume.connect(audio.destination)
    volume.gain.setValueAtTime(0, start)
    volume.gain.linearRampToValueAtTime(0.08, start + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.0001, start + 0.5)
    const tone = audio.createOscillator()
    tone.frequency.setValueAtTime(660, start)
    tone.frequency.setValueAtTime(880, start + 0.12)
    tone.connect(volume)
    // It would hold the loudspeaker.
    tone.onended = () => void audio.close().catch(() => {})
    tone.start()
    tone.stop(start + 0.5)
  } catch {
    // A page, or a browser, without sound.
  }
}
