// A model that plays in this browser: core.c in a Worker, so that the page stays responsive. It makes one block of
// sound whenever the page asks. The page lays the blocks end to end, and decides how many it keeps ahead.
//
//     const model = startModel(MODEL, voices); // see prism_lessons/pages/core/__init__.py
//     await model.ready; // an Error says in a sentence why it cannot play
//     model.begin(voice, { state, seed }); // from the next whole frame on
//     const { samples, voices, seconds } = await model.play(count, [{ temperature, level, asked }]); // one for each voice
//     await model.learn(beginnings); // other states to begin from, from `beginnings` of generation/page_model.py
//     model.end();
//
// `state` is one of header.states: state n with seed n is the take that Python makes of that seed. To strike a voice again,
// begin it again. `level` is a factor, 0 .. 1, of the voice in the sum, reached by the end of the block. `asked` holds
// the share of each label and, if there are header.descriptors, an RMS level to head for, and the power of the rises from
// sample to sample beside that of the samples; 0 for none. `voices` says of each its `loudness`, RMS, and whether it is stuck on a `tone`; `seconds` is how long the block took to make.

function startModel(model, voices = 1) {
  const source = URL.createObjectURL(new Blob([`${isTone}\n(${playInWorker})()`], { type: "text/javascript" }));
  const refused = new Error("The browser does not let this page play a model here.");
  let worker = null;
  try {
    worker = new Worker(source);
  } catch {
    throw refused;
  }
  const waiting = new Map(); // { resolve, reject } by the number of the question
  let asked = 0;
  function ask(question) {
    worker.postMessage({ number: ++asked, ...question });
    return new Promise((resolve, reject) => waiting.set(asked, { resolve, reject }));
  }
  worker.onmessage = ({ data: { number, error, ...answer } }) => {
    const { resolve, reject } = waiting.get(number);
    waiting.delete(number);
    if (error) reject(new Error(error));
    else resolve(answer);
  };
  worker.onerror = () => {
    for (const { reject } of waiting.values()) reject(refused);
    waiting.clear();
  };
  return {
    ready: ask({ load: model, voices }),
    begin: (voice, { state, seed }) => ask({ begin: voice, state, seed }),
    play: (count, settings) => ask({ play: count, settings }),
    learn: (beginnings) => ask({ learn: beginnings, at: model.header.beginnings }),
    end() {
      worker.terminate();
      URL.revokeObjectURL(source);
    },
  };
}

// Whether the end of a sound equals the waves 2.0, 1.3 and 0.7 s earlier, each shifted by less than a period, as in
// generation/degeneration.py; `recent` holds 2.45 s. Of the end, about 2000 samples in a second are compared, which is an
// estimate that takes a millisecond.
function isTone(recent, rate) {
  const mean = recent.reduce((sum, one) => sum + one, 0) / recent.length;
  const size = Math.round(0.4 * rate), slack = Math.round(0.05 * rate), step = Math.max(1, Math.round(rate / 2000));
  const now = recent.length - size;
  return [2.0, 1.3, 0.7].every((seconds) => {
    const before = now - Math.round(seconds * rate);
    let best = 0, ratio = 0; // the most alike wave: how much, and its energy over that of the end
    for (let then = Math.max(0, before - slack); then <= before; then++) {
      let products = 0, own = 1e-12, energy = 1e-12;
      for (let n = 0; n < size; n += step) {
        const one = recent[now + n] - mean, other = recent[then + n] - mean;
        products += one * other;
        own += one * one;
        energy += other * other;
      }
      const alike = products / Math.sqrt(own * energy);
      if (alike > best) [best, ratio] = [alike, Math.sqrt(energy / own)];
    }
    return best > 0.97 && Math.abs(ratio - 1) < 0.12;
  });
}

// What the Worker runs, sent to it as text with `isTone`: it sees nothing else of the page.
function playInWorker() {
  const MOST = 4096; // samples that core.c makes in a call
  let core = null, place = 0, voices = 0; // place: of the model in the core's memory
  let levels = []; // that each voice has reached
  let rate = 0, recent = [], played = 0; // the last 2.45 s of each voice, once so much was played

  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function load({ load: { header, bytes, cores }, voices: count }) {
    // The first has a multiply-add, which not every browser knows.
    const code = cores.map(bytesOf).find((one) => WebAssembly.validate(one));
    if (!code) throw new Error("This browser is too old to play a model: use Chrome 91, Firefox 89, Safari 16.4 or newer.");
    try {
      core = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    } catch {
      throw new Error("The browser does not let this page play a model here.");
    }
    const model = bytesOf(bytes);
    place = core.room(model.length);
    if (!place) throw new Error("There is not enough memory for this model: close other pages, and load this one again.");
    new Uint8Array(core.memory.buffer).set(model, place);
    if (!core.load(place)) throw new Error("This page and its model do not have the same version: make the page again.");
    if (!core.prepare(count, MOST)) throw new Error("There is not enough memory for so many voices: choose fewer.");
    voices = count;
    levels = Array(voices).fill(0);
    rate = header.sample_rate;
    recent = levels.map(() => new Float32Array(Math.round(2.45 * rate)));
    return {};
  }

  function begin({ begin: voice, state, seed }) {
    core.begin(voice, state, seed, 0);
    return {};
  }

  function learn({ learn: beginnings, at }) {
    new Uint8Array(core.memory.buffer).set(bytesOf(beginnings), place + at);
    return {};
  }

  // The newest sound of a voice comes last; the oldest goes.
  function remember(voice, sound) {
    const own = recent[voice], fits = Math.min(sound.length, own.length);
    own.copyWithin(0, fits);
    own.set(sound.subarray(sound.length - fits), own.length - fits);
  }

  function play({ play: count, settings }) {
    const begun = performance.now(), samples = new Float32Array(count), squares = Array(voices).fill(0);
    settings.forEach(({ temperature, asked = [] }, voice) => {
      core.set_temperature(voice, temperature);
      new Float32Array(core.memory.buffer, core.asked(voice), asked.length).set(asked);
    });
    for (let start = 0; start < count; start += MOST) {
      const made = Math.min(MOST, count - start);
      core.play(made);
      for (let voice = 0; voice < voices; voice++) {
        const sound = new Float32Array(core.memory.buffer, core.sound(voice), made);
        const step = (settings[voice].level - levels[voice]) / count;
        for (let n = 0; n < made; n++) {
          samples[start + n] += (levels[voice] + step * (start + n + 1)) * sound[n];
          squares[voice] += sound[n] * sound[n];
        }
        remember(voice, sound);
      }
    }
    levels = settings.map(({ level }) => level);
    played += count;
    const about = recent.map((own, voice) => ({
      loudness: Math.sqrt(squares[voice] / count),
      tone: played >= own.length && isTone(own, rate),
    }));
    return { samples, voices: about, seconds: (performance.now() - begun) / 1000 };
  }

  onmessage = ({ data }) => {
    try {
      const answer = ("load" in data ? load : "begin" in data ? begin : "learn" in data ? learn : play)(data);
      postMessage({ number: data.number, ...answer }, answer.samples ? [answer.samples.buffer] : []);
    } catch (error) {
      postMessage({ number: data.number, error: error.message });
    }
  };
}
