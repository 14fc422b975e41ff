// A knob of a MIDI controller moves a slider: press MIDI learn, then turn the knob. In browsers that have Web MIDI.

const learned = new Map(); // slider's id by "channel, controller"
let learning = null; // the button that waits for a knob
let listening = null;

function hearMidi({ data: [status, controller, value] }) {
  if (status >> 4 !== 11) return; // control change
  const knob = `${status & 15}, ${controller}`;
  if (learning) {
    learned.set(knob, learning.dataset.for);
    tell(`Controller ${controller} is learned. To use another one, press the button again.`);
    learning = null;
  }
  const slider = by(learned.get(knob));
  if (!slider) return;
  const { min, max, step } = slider;
  slider.value = Number(min) + Math.round(((value / 127) * (max - min)) / step) * step;
  slider.dispatchEvent(new Event("input"));
}

async function learn(button) {
  listening ??= navigator.requestMIDIAccess();
  try {
    const access = await listening;
    const listen = () => { for (const input of access.inputs.values()) input.onmidimessage = hearMidi; };
    access.onstatechange = listen; // something was plugged in
    listen();
    learning = button;
    tell("Move a knob or a slider on your MIDI controller.");
  } catch {
    listening = null;
    tell("The browser did not allow MIDI: allow it for this page, and try again.");
  }
}

by("midi").hidden = !navigator.requestMIDIAccess;
for (const button of by("midi").querySelectorAll("button")) button.addEventListener("click", () => learn(button));
