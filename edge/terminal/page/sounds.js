// What a tap came to, as a tone: two rising notes, one low and long, two short, a question.
"use strict";

const Sounds = (() => {
  const NOTES = {
    recorded: [[880, 0, 0.12], [1320, 0.13, 0.18]],
    repeated: [[880, 0, 0.09], [880, 0.14, 0.09]],
    ask: [[660, 0, 0.1], [880, 0.12, 0.1], [660, 0.24, 0.1]],
    denied: [[220, 0, 0.5]],
    key: [[1000, 0, 0.04]],
  };
  let context = null;

  function play(name) {
    try {
      context = context || new AudioContext();
      if (context.state === "suspended") context.resume();
      for (const [pitch, start, length] of NOTES[name] || NOTES.denied) {
        const tone = context.createOscillator();
        const volume = context.createGain();
        const at = context.currentTime + start;
        tone.frequency.value = pitch;
        volume.gain.setValueAtTime(0.25, at);
        volume.gain.exponentialRampToValueAtTime(0.001, at + length);
        tone.connect(volume).connect(context.destination);
        tone.start(at);
        tone.stop(at + length);
      }
    } catch (error) {
      // A machine without sound shows text and shape all the same.
    }
  }
  return { play };
})();
