// In a page of its own, the model in the page makes the sound (model.js), and answers as Python does in a notebook.

const SILENT = 10 ** (-55 / 20); // RMS below which a voice is silent; it is nudged after a second
const NUDGE = 1.25, NUDGED = 0.5; // how much freer a voice becomes, and for how many seconds
const MOST_TEMPERATURE = 5;

function openMaker(receive) {
  const { header } = MODEL, rate = header.sample_rate;
  let model = null, refused = ""; // why it cannot play
  let voices = []; // of each: { quiet, nudges, until, begun }, all but the counts in seconds
  let end = 0; // samples made so far
  // What was made last, each sample at its place modulo the length; 5 s more, since a new beginning goes back a little.
  const ring = new Float32Array((page.most_kept + 5) * rate);
  let answered = 0;

  async function open(count) {
    model?.end();
    model = startModel(MODEL, count);
    await model.ready;
    voices = Array.from({ length: count }, () => ({}));
  }

  // Voice v of a seed is the first voice of seed + v. Each new beginning of a voice has other random numbers.
  function begin(voice, seed) {
    const number = seed + voice + 1000003 * voices[voice].begun++;
    return model.begin(voice, { state: number % header.states, seed: number % 2 ** 32 });
  }

  async function beginAll(seed) {
    for (let voice = 0; voice < voices.length; voice++) {
      voices[voice] = { quiet: 0, nudges: 0, until: 0, begun: 0 };
      await begin(voice, seed);
    }
  }

  async function play({ seconds, temperature, seed, nudge }) {
    const count = Math.ceil((seconds * rate) / header.largest) * header.largest, now = end / rate;
    const level = 1 / Math.sqrt(voices.length);
    const settings = voices.map(({ until, nudges }) => {
      const freer = until > now ? Math.max(temperature, 0.9) * NUDGE ** nudges : temperature;
      return { temperature: Math.min(MOST_TEMPERATURE, freer), level };
    });
    const answer = await model.play(count, settings);
    answer.samples.forEach((sample, n) => { ring[(end + n) % ring.length] = sample; });
    end += count;
    const events = nudge ? await wake(answer.loudness, count / rate, seed) : [];
    return { samples: answer.samples, took: answer.seconds, happened: events.join(" ") };
  }

  // Makes a voice that was silent for a second begin again, or play more freely if the model keeps no moments.
  async function wake(loudness, seconds, seed) {
    const events = [];
    for (const [voice, own] of voices.entries()) {
      own.quiet = loudness[voice] < SILENT ? own.quiet + seconds : 0;
      if (!own.quiet) own.nudges = 0;
      if (own.quiet < 1 || own.until > end / rate) continue;
      own.quiet = 0.5;
      if (header.states > 1) await begin(voice, seed);
      else Object.assign(own, { nudges: Math.min(own.nudges + 1, 5), until: end / rate + NUDGED });
      events.push(`At ${(end / rate).toFixed(0)} s, voice ${voice + 1} fell silent and was nudged.`);
    }
    return events;
  }

  // The last seconds before a place, as a file to hear and to save.
  function keep(seconds, place, { temperature, seed }) {
    const from = Math.max(0, end - ring.length, place - Math.round(seconds * rate));
    const samples = Float32Array.from({ length: place - from }, (_, n) => ring[(from + n) % ring.length]);
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

  async function respond({ number, version, temperature, seed, nudge, seconds, place, keep: kept, begin: again }) {
    let said = "", made = { samples: null, took: 0, happened: "" };
    try {
      if (kept) said = keep(kept, place, { temperature, seed });
      const count = Number(by("voices").value);
      if (voices.length !== count) await open(count);
      if (again || voices[0].begun === undefined) await beginAll(seed);
      if (again) end = place;
      if (seconds > 0) made = await play({ seconds, temperature, seed, nudge });
    } catch (error) {
      refused = error.message;
    }
    receive({ page: page.page, number, version: Math.max(1, version), temperature, seed, nudge, end, said, ...made });
  }

  return {
    name: "this computer",
    send(question) {
      page.page = question.page;
      if (question.number > answered) respond(question);
      answered = question.number;
    },
    problem: (waited) => refused || (waited > BUSY ? "Preparing the model …" : ""),
  };
}

// 16-bit WAV of one channel.
function wave(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
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
  samples.forEach((one, n) => view.setInt16(44 + 2 * n, Math.max(-32768, Math.min(32767, Math.round(one * 32768))), true));
  return new Blob([view], { type: "audio/wav" });
}

by("voices").addEventListener("change", () => by("begin").click());
