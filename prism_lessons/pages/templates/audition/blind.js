// Blind listening. A fair coin before each trial, so the number of right answers of somebody who cannot tell is binomial.

const ANSWERS = { source: { recording: "A recording", model: "The model" }, age: { earlier: "Earlier", later: "Later" } };
let game = null, trial = null, right = 0, total = 0, told = [];
let pools = {}, drawn = {};

// For each answer, what may be played: [name of the sound, title, loudness, name in the log].
function poolsOf(name) {
  const all = !by("loud-only").checked;
  const usable = [...clips.keys()].filter((index) =>
    !page.withheld[`clip ${index}`] && (all || isAudible(clips[index])));
  const asClip = (index) => [`clip ${index}`, clips[index].title, clips[index].loudness, clips[index].name];
  if (name === "age") {
    const middle = epochs[Math.ceil(epochs.length / 2)];
    return {
      earlier: usable.filter((index) => clips[index].epoch < middle).map(asClip),
      later: usable.filter((index) => clips[index].epoch >= middle).map(asClip),
    };
  }
  return {
    model: usable.map(asClip),
    recording: page.blind.filter((index) => all || page.sources[index].audible).map((index) =>
      [`source ${index}`, page.sources[index].name, page.sources[index].loudness, page.sources[index].name]),
  };
}

function begin(name) {
  const found = poolsOf(name);
  if (Object.values(found).some((pool) => !pool.length)) {
    const few = by("loud-only").checked ? " that can be heard" : "";
    by("why-not").textContent = name === "age" ? `This needs clips${few} of both halves of the run.`
      : page.blind.length ? `This needs clips and recordings${few}.`
      : "This needs the recordings, which could not be found.";
    return;
  }
  by("why-not").textContent = "";
  [game, pools, drawn, right, total, told] = [name, found, {}, 0, 0, []];
  const known = Object.values(pools).flat().map(([, , loudness]) => loudness).filter((one) => one !== null);
  pools.softest = known.sort((one, other) => one - other)[Math.floor(known.length / 5)];
  const [first, second] = Object.entries(ANSWERS[game]);
  for (const [id, [answer, words]] of [["first", first], ["second", second]]) {
    by(id).textContent = words;
    by(id).dataset.answer = answer;
  }
  by("report").replaceChildren();
  by("trial").hidden = false;
  draw();
  by("hear").focus();
}

function draw() {
  const truth = Object.keys(ANSWERS[game])[Math.random() < 0.5 ? 0 : 1];
  if (!drawn[truth]?.length) drawn[truth] = shuffled(pools[truth]); // none comes again before all have come
  trial = { truth, item: drawn[truth].pop() };
  by("number").textContent = `Trial ${total + 1}. You will learn at the end whether you were right.`;
  by("star-blind").setAttribute("aria-pressed", "false");
  for (const id of ["first", "second"]) by(id).disabled = true;
}

// The louder ones are turned down to the level of the softer ones, which would otherwise give them away.
function hear() {
  const [name, , loudness] = trial.item;
  const volume = turnedDownTo(pools.softest, loudness);
  for (const id of ["first", "second"]) by(id).disabled = false;
  return sound(by("hidden"), name, "hidden clip", { volume });
}

function answer(said) {
  const { truth, item } = trial;
  silence();
  act("guess", item[3], said, game, truth);
  total += 1;
  right += said === truth ? 1 : 0;
  told.push([item[1], said, truth]);
  draw();
  by("hear").focus();
}

// The exact interval of Clopper and Pearson: the rates at which so many right answers or more, or so many or fewer, would
// come with a chance of 2.5 %. Found by halving, since the chances rise and fall evenly with the rate.
function interval(right, total) {
  const logs = [0];
  for (let n = 1; n <= total; n++) logs.push(logs[n - 1] + Math.log(n));
  const chance = (n, rate) =>
    Math.exp(logs[total] - logs[n] - logs[total - n] + n * Math.log(rate) + (total - n) * Math.log1p(-rate));
  const sum = (from, to, rate) => {
    let all = 0;
    for (let n = from; n <= to; n++) all += chance(n, rate);
    return all;
  };
  const tail = (1 - page.certainty) / 2;
  const solve = (rises) => {
    let [low, high] = [0, 1];
    for (let step = 0; step < 60; step++) {
      const middle = (low + high) / 2;
      if (rises(middle)) high = middle;
      else low = middle;
    }
    return (low + high) / 2;
  };
  return [
    right === 0 ? 0 : solve((rate) => sum(right, total, rate) > tail),
    right === total ? 1 : solve((rate) => sum(0, right, rate) < tail),
  ];
}

function reportInWords(game, right, total) {
  const words = page.report, percent = (share) => `${Math.round(100 * share)}%`;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  if (!total) return fill(words.none, { question: page.questions[game] });
  const [low, high] = interval(right, total);
  const verdict = low > 0.5 ? words.can : high < 0.5 ? words.reversed : words.luck + (total < words.few ? words.more : "");
  return fill(words.said, {
    question: page.questions[game], total: total === 1 ? "1 trial" : `${total} trials`, right,
    share: percent(right / total), low: percent(low), high: percent(high),
  }) + verdict;
}

function report() {
  silence();
  by("trial").hidden = true;
  by("report").replaceChildren();
  write(by("report"), "p", reportInWords(game, right, total));
  if (told.length) {
    const list = by("report").appendChild(document.createElement("ol"));
    for (const [title, said, truth] of told)
      write(list, "li", `${title}: ${said === truth ? "right" : `wrong, you said ${ANSWERS[game][said].toLowerCase()}`}`);
  }
  by("blind-heading").scrollIntoView({ block: "nearest" });
}

for (const button of document.querySelectorAll("[data-game]"))
  button.addEventListener("click", () => begin(button.dataset.game));
by("hear").addEventListener("click", hear);
for (const id of ["first", "second"]) by(id).addEventListener("click", () => answer(by(id).dataset.answer));
by("star-blind").addEventListener("click", () => {
  // A recording takes no star, and must not say so: the button behaves alike.
  const clip = clips.find((one) => one.name === trial.item[3]);
  if (clip && !heard(clip.name).stars.includes(listener())) act("star", clip.name);
  by("star-blind").setAttribute("aria-pressed", "true");
});
by("enough").addEventListener("click", report);
