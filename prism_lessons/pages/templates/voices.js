// Voices of a model in the page (model.js): each is nudged when it falls silent or gets stuck on a tone, and what they
// played last is kept.

const SILENT = 10 ** (-55 / 20); // RMS below which a voice is silent
const SILENT_SECONDS = 1; // until it is said that it fell silent
const NUDGE = 1.25, FREE = 0.9, NUDGED = 0.5; // how much freer a voice becomes, at least of what, and for how many seconds
const HIGHEST = 0.45; // of the sample rate, of a brightness that is asked for
const MOST_NUDGES = 5, MOST_TEMPERATURE = 5;

// `source` is what model.js plays, `most` how many seconds are kept.
function openVoices(source, most) {
  const { header } = source, rate = header.sample_rate;
  let model = null;
  let first = 0; // the seed whose beginning is state 0; those of the seeds after it follow, then those of each label
  let seed = 0; // with which the voices began
  let asking = {}; // the share of labels by name, and what to head for: { label, loudness, brightness }
  let voices = []; // of each: { quiet, found, nudges, until, begun }, all times in seconds of the stream
  let began = 0, end = 0; // samples of the stream: where the voices began, and how many were made
  // What was made last, each sample at its place modulo the length; 5 s more, since a new beginning goes back a little.
  const ring = new Float32Array((most + 5) * rate);
  let blocks = []; // what is known of it: { from, to, temperature, label, loudness, brightness, events }

  async function open(count) {
    model?.end();
    model = startModel(source, count);
    await model.ready;
    voices = Array.from({ length: count }, () => ({}));
  }

  // Voice v of a seed is the first voice of seed + v. Each new beginning of a voice has other random numbers.
  function begin(voice) {
    const number = seed + voice + 1000003 * voices[voice].begun++;
    const state = ((number - first) % header.states) + header.states * foremost();
    return model.begin(voice, { state, seed: number % 2 ** 32 });
  }

  // The group of states of the label with the largest share; 0 for any.
  function foremost() {
    const shares = [0, ...sharesOfLabels()];
    return shares.indexOf(Math.max(...shares));
  }

  function sharesOfLabels() {
    return header.labels.map((name) => asking.label?.[name] ?? 0);
  }

  // As model.js takes it, and as generation/asking.py has it.
  function asked() {
    if (!header.descriptors.length) return sharesOfLabels();
    const { loudness = null, brightness = null } = asking;
    const level = loudness === null ? 0 : 10 ** (loudness / 20);
    const hertz = 440 * 2 ** ((brightness - 69) / 12);
    const rise = brightness === null ? 0 : 4 * Math.sin(Math.PI * Math.min(hertz / rate, HIGHEST)) ** 2;
    return [...sharesOfLabels(), level, rise];
  }

  // Begin again with a seed; what was made after `place` will not be heard.
  async function beginAll(newSeed, place = end, label = asking.label) {
    asking = { ...asking, label };
    [seed, began, end] = [newSeed, Math.min(place, end), Math.min(place, end)];
    blocks = blocks.filter(({ from }) => from < end);
    const last = blocks.at(-1);
    if (last?.to > end) Object.assign(last, { to: end, events: [] }); // they happened at its end
    for (let voice = 0; voice < voices.length; voice++) {
      voices[voice] = { quiet: 0, found: "", nudges: 0, until: 0, begun: 0 };
      await begin(voice);
    }
  }

  async function play({ seconds, temperature, nudge, label, loudness, brightness }) {
    asking = { label, loudness, brightness };
    const count = Math.ceil((seconds * rate) / header.largest) * header.largest, now = end / rate;
    const level = 1 / Math.sqrt(voices.length);
    const settings = voices.map(({ until, nudges }) => {
      const freer = until > now && nudges ? Math.max(temperature, FREE) * NUDGE ** nudges : temperature;
      return { temperature: Math.min(MOST_TEMPERATURE, freer), level, asked: asked() };
    });
    const { samples, voices: about, seconds: took } = await model.play(count, settings);
    samples.forEach((sample, n) => { ring[(end + n) % ring.length] = sample; });
    end += count;
    const events = [];
    for (const voice of voices.keys()) {
      const said = await watch(voice, about[voice], count / rate, nudge);
      for (const what of said) events.push({ place: end, voice: voice + 1, what });
    }
    blocks.push({ from: end - count, to: end, temperature, ...asking, events });
    while (blocks[0].to <= end - ring.length) blocks.shift();
    return { samples, took, end, happened: inWords(events) };
  }

  // What happened to a voice, as Python says it. Nudged, it becomes freer or, if it is silent and the model keeps moments
  // of its recordings, begins at another one.
  async function watch(voice, { loudness, tone }, seconds, nudge) {
    const own = voices[voice], before = own.found, said = [];
    own.quiet = loudness < SILENT ? own.quiet + seconds : 0;
    own.found = own.quiet >= SILENT_SECONDS ? "fell silent" : tone ? "stuck on a tone" : "";
    if (own.found && own.found !== before) said.push(own.found);
    if (before && !own.found) {
      own.nudges = 0;
      said.push(`is out again (${before})`);
    }
    if (!own.found || !nudge || own.until > end / rate) return said;
    own.until = end / rate + NUDGED;
    if (own.quiet >= SILENT_SECONDS && header.states > 1) {
      await begin(voice);
      said.push("nudged, has heard another moment of the recordings");
    } else {
      own.nudges = Math.min(own.nudges + 1, MOST_NUDGES);
      said.push(`nudged, ${(NUDGE ** own.nudges).toFixed(2)} times as free`);
    }
    return said;
  }

  function inWords(events) {
    if (!events.length) return "";
    const name = ({ voice, what }) => (voices.length > 1 ? `voice ${voice} ${what}` : what);
    return `At ${((end - began) / rate).toFixed(1)} s: ${events.map(name).join("; ")}.`;
  }

  // The last seconds before a place: samples, and the blocks that they lie in.
  function last(seconds, place) {
    place = Math.min(place, end);
    const from = Math.max(0, end - ring.length, place - Math.round(seconds * rate));
    const samples = Float32Array.from({ length: Math.max(0, place - from) }, (_, n) => ring[(from + n) % ring.length]);
    return { from, samples, blocks: blocks.filter((block) => block.to > from && block.from < place) };
  }

  return {
    open, beginAll, play, last,
    count: () => voices.length,
    began: () => seed,
    end: () => end,
    close: () => model?.end(),
    // Whether it has the beginning of a seed; otherwise Python can send it.
    knows: (one) => header.states === 1 || (one >= first && one < first + header.states),
    knowFrom(one) {
      first = one;
    },
    async learn(one, beginnings) {
      await model.learn(beginnings);
      first = one;
    },
  };
}

// Samples as 16-bit integers, as Python writes them.
const to16 = (samples) => Int16Array.from(samples, (one) => Math.max(-32768, Math.min(32767, Math.round(one * 32768))));
