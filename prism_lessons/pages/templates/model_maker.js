// In a page of its own, the model in the page makes the sound.

function openMaker() {
  const voices = openVoices(MODEL, page.most_kept);
  let refused = ""; // why it cannot play

  // The last seconds before a place, as a file to hear and to save.
  function keep(seconds, place, { temperature, seed }) {
    const { samples } = voices.last(seconds, place), { rate } = page;
    if (!samples.length) return "There is nothing to keep yet: play first.";
    const name = `${page.name}_seed${seed}_t${temperature}_${by("kept").children.length + 1}.wav`;
    const address = URL.createObjectURL(wave(samples, rate));
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: address, download: name, textContent: `Save ${name}` });
    const player = Object.assign(document.createElement("audio"), { src: address, controls: true, ariaLabel: name });
    item.append(link, player);
    by("kept").prepend(item);
    return `Kept ${(samples.length / rate).toFixed(1)} s: ${name}, listed below.`;
  }

  async function answer(question) {
    const { seed, seconds, place, label } = question;
    let said = "", made = { took: 0, happened: "" };
    try {
      if (question.keep) said = keep(question.keep, place, question);
      const count = Number(by("voices").value), changed = voices.count() !== count;
      if (changed) await voices.open(count);
      if (changed || question.begin) await voices.beginAll(seed, question.begin ? place : voices.end(), label);
      if (seconds > 0) made = await voices.play(question);
    } catch (error) {
      refused = error.message;
    }
    return { end: voices.end(), said, ...made };
  }

  return {
    name: "this computer",
    answer,
    problem: (waited) => refused || (waited > 700 ? "Preparing the model …" : ""),
  };
}

// 16-bit WAV of one channel.
function wave(samples, rate) {
  const view = new DataView(new ArrayBuffer(44));
  const write = (place, text) => [...text].forEach((letter, n) => view.setUint8(place + n, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  return new Blob([view, to16(samples)], { type: "audio/wav" });
}

by("voices").addEventListener("change", () => by("begin").click());
