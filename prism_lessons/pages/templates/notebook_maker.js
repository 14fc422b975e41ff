// In a notebook, the model makes the sound in this page, as in a page of its own, so that it plays on while a cell runs.
// Python sends the model, and learns which values are set. Where the page cannot play, Python makes the sound.

const START = 15000; // milliseconds in which the model has to begin in the page
const TRIAL = 0.1, TRIALS = 5; // seconds of sound in a trial of its speed; the browser compiles during the first ones
const PACE = 1.3; // seconds of sound in a second that it has to make then
const PIECE = 50; // blocks of what is kept that go to Python in one message: some seconds

function openMaker(adopt) {
  const python = openPython(adopt);
  let voices = null; // null while Python makes the sound
  let started = null; // a promise: settled once it is known who makes the sound
  let newest = "", shared = ""; // the values that are set, and those that Python has got
  let keeping = Promise.resolve(); // until all is kept that was to be

  async function start() {
    const { model, seed, said } = await python.ask({ model: true });
    try {
      if (!model) throw new Error(said);
      voices = await tried(openVoices(model, page.most_kept), seed);
      by("maker").textContent = "Your browser makes the sound, also while a cell runs.";
    } catch (error) {
      leaveToPython(error);
    }
    await python.ask({}); // so that the model does not stay in a field, which may be saved with the notebook
  }

  async function tried(own, seed) {
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error("The browser does not start the model.")), START));
    try {
      await Promise.race([own.open(1), late]);
      let pace = 0;
      for (let trial = 0; trial < TRIALS && pace < PACE; trial++)
        pace = Math.max(pace, TRIAL / (await own.play({ seconds: TRIAL, temperature: 1, nudge: false })).took);
      if (pace < PACE) throw new Error(`The browser would make only ${pace.toFixed(1)} s of sound in a second.`);
      own.knowFrom(seed);
      await own.beginAll(seed, 0);
      return own;
    } catch (error) {
      own.close();
      throw error;
    }
  }

  function leaveToPython({ message }) {
    voices?.close();
    voices = null;
    by("maker").textContent = `Python makes the sound, so it may pause while a cell runs. ${message}`;
  }

  // Python gets the newest values when it has time; the sound does not wait for that.
  async function share({ version, temperature, seed, nudge, label, loudness, brightness }) {
    const idle = newest === shared;
    newest = JSON.stringify({ version, temperature, seed, nudge, label, loudness, brightness });
    while (idle && newest !== shared) {
      const sent = newest;
      await python.ask(JSON.parse(sent));
      shared = sent;
    }
  }

  // Keep the last seconds before a place, in Python.
  function keep(seconds, place) {
    const { from, samples, blocks } = voices.last(seconds, place), began = voices.began();
    if (!samples.length) return tell("There is nothing to keep yet: play first.");
    const heard = blocks.map((block) => ({
      temperature: block.temperature, label: block.label, loudness: block.loudness, brightness: block.brightness,
      samples: coded(samples.subarray(Math.max(0, block.from - from), block.to - from)),
      events: block.events.map((event) => ({ seconds: (event.place - from) / page.rate, what: event.what })),
    }));
    const waiting = setTimeout(tell, BUSY, "Python will keep it when it has time.");
    const before = keeping;
    keeping = (async () => {
      await before;
      for (let first = 0; first < heard.length; first += PIECE)
        await python.ask({ heard: heard.slice(first, first + PIECE), ...(first ? {} : { began }) });
      const { said } = await python.ask({ keep: seconds });
      clearTimeout(waiting);
      tell(said);
    })();
  }

  async function byPython(question) {
    const answer = await python.ask(question);
    return { ...answer, samples: answer.samples ? decoded(answer.samples) : null };
  }

  async function byPage(question) {
    const { seed, seconds, place, label } = question;
    let made = { took: 0, end: voices.end(), happened: "" };
    share(question);
    if (question.keep) keep(question.keep, place);
    if (question.begin) {
      if (!voices.knows(seed)) await voices.learn(seed, (await python.ask({ beginnings: seed })).beginnings);
      await voices.beginAll(seed, place, label);
      made.end = voices.end();
    }
    if (seconds > 0) made = await voices.play(question);
    return { said: "", ...made };
  }

  return {
    get name() {
      return voices ? "your browser" : "Python";
    },
    async answer(question) {
      if (question.hello) {
        const answer = await byPython(question);
        started = start();
        return answer;
      }
      await started;
      if (!voices) return byPython(question);
      try {
        return await byPage(question);
      } catch (error) {
        leaveToPython(error);
        return byPython({ ...question, begin: true });
      }
    },
    problem: (waited) => python.problem(waited) || (waited > BUSY ? "Preparing the model …" : ""),
  };
}

// Samples as text: 16-bit integers, little-endian, in base64.

function coded(samples) {
  return btoa(Array.from(new Uint8Array(to16(samples).buffer), (byte) => String.fromCharCode(byte)).join(""));
}

function decoded(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return Float32Array.from(new Int16Array(bytes.buffer), (one) => one / 32768);
}
