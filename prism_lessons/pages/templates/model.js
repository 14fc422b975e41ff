// A model that plays in this browser: core.c in a Worker, so that the page stays responsive. It makes one block of
// sound whenever the page asks. The page lays the blocks end to end, and decides how many it keeps ahead.
//
//     const model = startModel(MODEL, voices); // see prism_lessons/pages/core/__init__.py
//     await model.ready; // an Error says in a sentence why it cannot play
//     model.begin(voice, { state, seed }); // from the next whole frame on
//     const { samples, seconds } = await model.play(count, [{ temperature, level }]); // one for each voice
//     model.end();
//
// `state` is one of header.states: state n with seed n is the take that Python makes of that seed. To strike a voice again,
// begin it again. `level` is a factor, 0 .. 1, of the voice in the sum, reached by the end of the block; `seconds` is
// how long the block took to make.

function startModel(model, voices = 1) {
  const source = URL.createObjectURL(new Blob([`(${playInWorker})()`], { type: "text/javascript" }));
  const worker = new Worker(source);
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
    for (const { reject } of waiting.values()) reject(new Error("The browser does not let this page play a model here: save the page, and open the file."));
    waiting.clear();
  };
  return {
    ready: ask({ load: model, voices }),
    begin: (voice, { state, seed }) => ask({ begin: voice, state, seed }),
    play: (count, settings) => ask({ play: count, settings }),
    end() {
      worker.terminate();
      URL.revokeObjectURL(source);
    },
  };
}

// What the Worker runs, sent to it as text: it sees nothing of the page.
function playInWorker() {
  const MOST = 4096; // samples that core.c makes in a call
  let core = null, voices = 0;
  let levels = []; // that each voice has reached

  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function load({ load: { bytes, cores }, voices: count }) {
    // The first has a multiply-add, which not every browser knows.
    const code = cores.map(bytesOf).find((one) => WebAssembly.validate(one));
    if (!code) throw new Error("This browser is too old to play a model: use Chrome 91, Firefox 89, Safari 16.4 or newer.");
    try {
      core = new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
    } catch {
      throw new Error("The browser does not let this page play a model here: save the page, and open the file.");
    }
    const model = bytesOf(bytes), place = core.room(model.length);
    if (!place) throw new Error("There is not enough memory for this model: close other pages, and load this one again.");
    new Uint8Array(core.memory.buffer).set(model, place);
    if (!core.load(place)) throw new Error("This page and its model do not have the same version: make the page again.");
    if (!core.prepare(count, MOST)) throw new Error("There is not enough memory for so many voices: choose fewer.");
    voices = count;
    levels = Array(voices).fill(0);
    return {};
  }

  function begin({ begin: voice, state, seed }) {
    core.begin(voice, state, seed, 0);
    return {};
  }

  function play({ play: count, settings }) {
    const begun = performance.now(), samples = new Float32Array(count), squares = Array(voices).fill(0);
    settings.forEach(({ temperature }, voice) => core.set_temperature(voice, temperature));
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
      }
    }
    levels = settings.map(({ level }) => level);
    const loudness = squares.map((sum) => Math.sqrt(sum / count));
    return { samples, loudness, seconds: (performance.now() - begun) / 1000 };
  }

  onmessage = ({ data }) => {
    try {
      const answer = ("load" in data ? load : "begin" in data ? begin : play)(data);
      postMessage({ number: data.number, ...answer }, answer.samples ? [answer.samples.buffer] : []);
    } catch (error) {
      postMessage({ number: data.number, error: error.message });
    }
  };
}
