// Playing live. The maker, Python or a model in the page, makes the sound block by block, always the next one that this
// page asks for; the page keeps a little of it ahead, laid end to end on the clock of the sound card, so that a new
// temperature is soon heard.

const FIRST = 0.15; // seconds of the first block: small, so that the sound starts at once
const LEAST = 0.08, MOST = 0.25; // seconds of the others
const AHEAD = 0.5; // seconds kept ready while the maker is quick
const FARTHEST = 3; // while it is slow
const LEAD = 0.02; // seconds from laying a sound onto the clock to hearing it
const FADE = 0.003; // seconds in which the volume follows
const LOUD = -18; // dBFS, RMS
const PATIENCE = 5000; // milliseconds in which a sound card begins: a sleeping one took Firefox up to 2 s

const rate = page.rate;
let { temperature, seed, nudge } = page;
let { label, loudness, brightness } = page; // {name: share}; dBFS and semitones, null for the model's own
let version = 0; // of the values that the maker has set itself, as far as this page has seen them
let context = null, gain = null, analyser = null;
let playing = false;
let laid = []; // the blocks on the clock: { node, begin, end } in samples of the clock, first: the place in the stream
let next = null; // where on the clock the next block belongs; null when none is ahead
let collected = []; // blocks that are not on the clock yet: { first, samples }
let place = 0; // in samples of the stream: what was heard ends here
let ahead = AHEAD; // seconds to keep ready
let speed = 0, overhead = 0.05; // seconds of sound made in a second; seconds that a question takes besides
let gaps = 0, open = false; // whether a gap is so new that its reason is not known
let again = false; // after a gap more is collected than at the start
let request = null; // the question that waits for its answer; one at a time
let wish = { hello: true }; // what goes with the next question

// Text: what changes often is not in the live region.

function say(words) {
  if (by("said").textContent !== words) by("said").textContent = words;
}

function tell(words) {
  by("told").textContent = words;
}

function showState() {
  by("play").textContent = playing ? "Stop" : "Play";
  by("ahead").textContent = "";
  const waited = request && !(playing && next !== null) ? performance.now() - request.asked : 0;
  const problem = maker.problem(waited);
  if (problem) say(problem);
  else if (playing && next === null) say(again ? "Collecting sound …" : "Starting …");
  else if (playing) {
    say("Playing");
    const words = [`, ${Math.max(0, next / rate - context.currentTime).toFixed(1)} s ahead`];
    if (gaps) words.push(gaps === 1 ? "1 gap so far" : `${gaps} gaps so far`);
    if (speed < 1.05) words.push(`${maker.name} makes ${speed.toFixed(1)} s of sound in a second, so there will be gaps`);
    by("ahead").textContent = words.join("; ");
  } else if (!wish.hello && !request?.hello) say(place ? "Stopped" : "Ready");
}

// The maker

const maker = openMaker(adopt);

async function ask() {
  if (request) return;
  const seconds = playing ? wanted() : 0;
  if (!seconds && !Object.keys(wish).length) return;
  request = {
    version, temperature, seed, nudge, label, loudness, brightness, seconds, place: heard(), ...wish, asked: performance.now(),
  };
  wish = {};
  receive(await maker.answer(request));
}

// Values that Python has set itself count, unless they have come already.
function adopt(values) {
  if (!(values.version > version)) return;
  ({ version, temperature, seed, nudge, label, loudness, brightness } = values);
  showValues();
}

function receive(answer) {
  const took = (performance.now() - request.asked) / 1000, { seconds } = request;
  request = null;
  if (answer.said || answer.happened) tell(answer.said || answer.happened);
  if (!context) place = answer.end; // what another page has heard
  if (answer.samples && !wish.begin) {
    const { samples } = answer, made = Math.max(answer.took, 0.001);
    if (open && took - made < 1) ahead = Math.min(FARTHEST, 1.5 * ahead); // it was slow, not busy with another cell
    else ahead = Math.max(AHEAD, 0.999 * ahead);
    open = false;
    overhead += 0.3 * (Math.min(took - made, 0.3) - overhead);
    const pace = samples.length / rate / made;
    speed += (speed ? 0.3 : 1) * (pace - speed);
    collected.push({ first: answer.end - samples.length, samples });
    lay();
  }
  if (playing && seconds && !answer.samples) stop(); // it cannot play, and has said why
  ask();
  showState();
}

// How many seconds to ask for now: so few that they come before what is ready has been heard.
function wanted() {
  const ready = secondsReady(), room = ahead - ready;
  if (next === null) return again ? MOST : ready ? LEAST : FIRST;
  if (room < LEAST) return 0;
  const most = Math.max(MOST, ahead / 4);
  return Math.max(LEAST, Math.min(room, most, (0.6 * ready - overhead) * speed));
}

function secondsReady() {
  const waiting = collected.reduce((sum, block) => sum + block.samples.length, 0) / rate;
  return waiting + (next === null ? 0 : Math.max(0, next / rate - context.currentTime));
}

// The clock of the sound card

function lay() {
  const now = Math.ceil(context.currentTime * rate);
  if (next !== null && next < now) dry();
  if (next === null) {
    // Enough for the time in which the next block is made, with a reserve; more after a gap.
    const turn = overhead + collected.at(-1).samples.length / rate / speed;
    if (!playing || secondsReady() < Math.max(1.25 * turn, again ? ahead / 2 : 0)) return;
    again = false;
    next = now + Math.ceil(LEAD * rate);
    turnTo(by("volume").value / 100);
  }
  for (const { first, samples } of collected) {
    const buffer = context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const node = new AudioBufferSourceNode(context, { buffer });
    node.connect(gain);
    node.start(next / rate);
    laid.push({ node, begin: next, end: next + samples.length, first });
    next += samples.length;
  }
  collected = [];
}

// What was ready has been heard, and nothing came.
function dry() {
  heard();
  next = null;
  gaps++;
  open = again = true;
}

// The place in the stream up to which it was heard.
function heard() {
  if (!context) return place;
  const now = Math.floor(context.currentTime * rate);
  for (const { begin, end, first } of laid) if (begin <= now) place = first + Math.min(now, end) - begin;
  laid = laid.filter(({ end }) => end > now);
  return place;
}

function turnTo(volume) {
  gain.gain.cancelScheduledValues(context.currentTime);
  gain.gain.setTargetAtTime(volume, context.currentTime, FADE);
}

function makeContext() {
  context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
  gain = new GainNode(context, { gain: by("volume").value / 100 });
  analyser = new AnalyserNode(context, { fftSize: 2048 });
  gain.connect(analyser).connect(context.destination);
}

function play() {
  playing = true;
  ask(); // first, since the sound card is got ready while the first block is made
  if (!context) makeContext();
  tell("");
  context.resume();
  turnTo(by("volume").value / 100);
  setTimeout(() => {
    if (playing && context.state !== "running") stop("Press Play again: the browser requires a click first.");
  }, PATIENCE);
  work();
  requestAnimationFrame(showLevel);
}

// At once: the clock stands still, and what lies on it waits.
function stop(words = "") {
  playing = false;
  if (context) {
    turnTo(0);
    setTimeout(() => { if (!playing) context.suspend(); }, 30);
  }
  if (words) tell(words);
  showState();
  silent();
}

function beginAgain() {
  const until = heard();
  wish.begin = true;
  if (context) {
    turnTo(0);
    for (const { node } of laid) node.stop(context.currentTime + 5 * FADE);
    [laid, collected, next, again, place] = [[], [], null, false, until];
  }
  tell(playing ? "" : "The next Play begins anew.");
  work();
}

let timer = 0;
function work() {
  clearTimeout(timer);
  if (playing && next !== null && next / rate < context.currentTime) dry();
  if (playing && collected.length) lay();
  ask();
  showState();
  if (playing || request || Object.keys(wish).length) timer = setTimeout(work, playing ? 30 : 300);
}

// The level of what is heard, after the volume

let shownAt = 0, loudAt = -Infinity, loudSince = 0;

function silent() {
  by("bar").style.width = "0";
  by("level").textContent = "silent";
  by("meter").setAttribute("aria-valuenow", -60);
  by("meter").setAttribute("aria-valuetext", "silent");
}

function showLevel(now) {
  if (!playing) return;
  requestAnimationFrame(showLevel);
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  const decibels = (amplitude) => Math.max(-99, 20 * Math.log10(amplitude));
  const rms = decibels(Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length));
  const peak = decibels(samples.reduce((most, one) => Math.max(most, Math.abs(one)), 0));
  by("bar").style.width = `${Math.max(0, 100 + rms / 0.6)}%`;
  if (rms < LOUD) loudSince = now;
  else if (now - loudSince > 250) loudAt = now;
  const warning = now - loudAt < 4000 ? "This is loud. Turn the volume down before you put headphones on." : "";
  if (by("loud").textContent !== warning) by("loud").textContent = warning;
  if (now - shownAt < 250) return;
  shownAt = now;
  const number = (level) => level.toFixed(0).replace("-", "−");
  const words = rms < -90 ? "silent" : `${number(rms)} dBFS, peak ${number(peak)}`;
  by("level").textContent = words;
  by("meter").setAttribute("aria-valuenow", Math.round(Math.max(-60, Math.min(0, rms))));
  by("meter").setAttribute("aria-valuetext", words);
}

// Controls

const IN_WORDS = {
  loudness: (dBFS) => `${dBFS.toFixed(0).replace("-", "−")} dBFS`,
  brightness: (semitones) => `${Number((440 * 2 ** ((semitones - 69) / 12)).toPrecision(2))} Hz`,
};
const faders = document.querySelectorAll("#faders input[data-label]");

function showValues() {
  by("temperature").value = temperature;
  by("slider").value = temperature;
  by("seed").value = seed;
  by("nudge").checked = nudge;
  for (const fader of faders) {
    fader.value = label[fader.name] ?? 0;
    fader.nextElementSibling.textContent = `${Math.round(100 * fader.value)} %`;
  }
  for (const name of page.descriptors) {
    const value = { loudness, brightness }[name], said = value === null ? "its own" : IN_WORDS[name](value);
    by(`steer-${name}`).checked = value !== null;
    if (value !== null) by(name).value = value;
    by(name).ariaValueText = by(`${name}-said`).textContent = said;
  }
}

function changed() {
  wish.values = true;
  work();
}

by("slider").addEventListener("input", () => {
  temperature = Number(by("slider").value);
  by("temperature").value = temperature;
  changed();
});
by("temperature").addEventListener("input", () => {
  if (!by("temperature").value || !by("temperature").checkValidity() && !by("temperature").validity.stepMismatch) return;
  temperature = Number(by("temperature").value);
  by("slider").value = temperature;
  changed();
});
by("temperature").addEventListener("change", showValues); // what cannot be played does not stay
by("seed").addEventListener("change", () => {
  if (by("seed").value && by("seed").checkValidity()) seed = Number(by("seed").value);
  showValues();
  changed();
});
by("nudge").addEventListener("change", () => {
  nudge = by("nudge").checked;
  changed();
});
for (const fader of faders)
  fader.addEventListener("input", () => {
    label = Object.fromEntries([...faders].filter(({ value }) => value > 0).map((one) => [one.name, Number(one.value)]));
    showValues();
    changed();
  });
for (const name of page.descriptors) {
  const steer = () => {
    const value = by(`steer-${name}`).checked ? Number(by(name).value) : null;
    if (name === "loudness") loudness = value;
    else brightness = value;
    showValues();
    changed();
  };
  by(`steer-${name}`).addEventListener("input", steer);
  by(name).addEventListener("input", () => {
    by(`steer-${name}`).checked = true; // who moves it wants it
    steer();
  });
}
by("volume").addEventListener("input", () => {
  by("volume-said").textContent = `${by("volume").value} %`;
  if (playing) turnTo(by("volume").value / 100);
});
by("play").addEventListener("click", () => (playing ? stop() : play()));
by("begin").addEventListener("click", beginAgain);
by("keep").addEventListener("click", () => {
  if (!by("seconds").reportValidity()) return;
  wish.keep = Number(by("seconds").value);
  work();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && playing) stop();
  if (event.key !== " " || event.target.matches("button, input:not([type=range])")) return;
  event.preventDefault();
  if (!event.repeat) by("play").click();
});
document.addEventListener("visibilitychange", () => {
  if (document.hidden && playing) stop("Stopped, because the page was hidden.");
});

showValues();
work();
