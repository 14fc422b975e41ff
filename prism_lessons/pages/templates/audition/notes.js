"use strict";
// Stars, tags and notes: acts, as in the listening log. They are kept in this browser until the log has them; a
// page that is a file hands them over as a file, a page in a notebook through two hidden fields beside its frame.

const page = JSON.parse(document.getElementById("data").textContent);
const STORE = `prism-listening-${page.run}`;
const by = (id) => document.getElementById(id);

function stored(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) || null;
  } catch {
    return null; // a browser that keeps nothing
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

const acts = new Map(); // by their id, the order in which they came
for (const act of [...page.acts, ...(stored(STORE) || [])]) acts.set(act.id, act);
const logged = new Set(page.acts.map((act) => act.id)); // those that the log in the run's folder has

// Somebody else than its maker may listen to a page.
const maker = page.wire ? page.who : "";
by("who").value = stored("prism-listener") || maker;
for (const [id, letters] of Object.entries(page.most)) by(id).maxLength = letters; // beyond, the log takes nothing
by("who").addEventListener("change", () => store("prism-listener", by("who").value.trim()));

function listener() {
  return by("who").value.trim() || maker || "a listener";
}

function localTime() {
  const now = new Date();
  return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 23);
}

function act(kind, clip, text = "", game = "", truth = "") {
  const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  takeIn([{ id, run: page.run, when: localTime(), who: listener(), act: kind, clip, text, game, truth }]);
}

function takeIn(more) {
  for (const one of more) acts.set(one.id, one);
  const kept = store(STORE, waiting());
  if (wire) wire.send();
  else if (!kept) by("kept").textContent = "This browser stores nothing: save the notes as a file before you close it.";
  refresh();
}

// Acts that the log does not have yet.
function waiting() {
  return [...acts.values()].filter((one) => !logged.has(one.id));
}

function heard(clip) {
  const stars = new Map(), tags = new Map(), notes = new Map();
  for (const one of [...acts.values()].sort((a, b) => (a.when < b.when ? -1 : a.when > b.when ? 1 : 0))) {
    if (one.clip !== clip) continue;
    if (one.act === "star" || one.act === "unstar") stars.set(one.who, one.act === "star");
    if (one.act === "tag" || one.act === "untag") tags.set(one.text, one.act === "tag");
    if (one.act === "note") notes.set(one.who, one.text);
  }
  const given = (said) => [...said].filter(([, value]) => value).map(([name]) => name);
  return { stars: given(stars), tags: given(tags), notes: new Map([...notes].filter(([, text]) => text)) };
}

// A notebook's fields: what is written into the one reaches Python, and Python's answers appear in the other. Python may
// be busy and see only the last of what was written, so every message holds all that has not been answered yet.
const wire = page.wire ? connect(page.wire) : null;

function connect(name) {
  let parent;
  try {
    parent = window.parent.document;
  } catch {
    return null;
  }
  const field = () => parent.querySelector(`.${name}-out textarea`);
  const wanted = new Map(); // name of a sound -> functions that wait for it
  let number = 0;
  function send() {
    const out = field();
    if (!out) return;
    out.value = JSON.stringify({ number: ++number, acts: waiting(), sounds: [...wanted.keys()] });
    out.dispatchEvent(new Event("input", { bubbles: true }));
    out.dispatchEvent(new Event("change", { bubbles: true }));
  }
  let seen = "";
  function receive() {
    const answer = parent.querySelector(`.${name}-in pre`);
    if (!answer || answer.textContent === seen) return;
    seen = answer.textContent;
    const { kept, refused, sounds: come, said } = JSON.parse(seen);
    for (const id of kept) logged.add(id);
    for (const id of refused) acts.delete(id); // they can never be kept
    store(STORE, waiting());
    if (refused.length) refresh();
    if (said) by("kept").textContent = said;
    for (const [sound, address] of Object.entries(come)) {
      for (const take of wanted.get(sound) || []) take(address);
      wanted.delete(sound);
    }
  }
  new MutationObserver(receive).observe(parent.body, { childList: true, subtree: true, characterData: true });
  return {
    send,
    alive: () => Boolean(field()),
    fetch: (sound) => new Promise((take) => {
      wanted.set(sound, [...(wanted.get(sound) || []), take]);
      send();
    }),
  };
}

by("where").textContent = wire
  ? "Stars, tags and notes are written into the run's folder the moment you give them."
  : "Stars, tags and notes are kept in this browser. To add them to the run, save them as a file, and give that file to "
    + "lesson 03 or to this command: prism-lessons audition RUN --merge FILE.";

by("save").addEventListener("click", () => {
  const lines = [...acts.values()].map((one) => JSON.stringify(one) + "\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob(lines, { type: "application/jsonl" }));
  link.download = `notes_${page.run}_${listener().replace(/[^\p{L}\p{N}]+/gu, "_")}.jsonl`;
  link.click();
  URL.revokeObjectURL(link.href);
  by("kept").textContent = `Saved ${lines.length} stars, tags, notes and guesses as ${link.download}.`;
});

by("load").addEventListener("change", async () => {
  const [file] = by("load").files;
  if (!file) return;
  try {
    const lines = (await file.text()).split("\n").filter((line) => line.trim());
    const found = lines.map((line) => JSON.parse(line));
    if (found.some((one) => typeof one.id !== "string" || typeof one.clip !== "string" || typeof one.when !== "string"))
      throw new Error();
    if (found.some((one) => one.run !== page.run)) {
      by("kept").textContent = "These notes are about another run: load them into its page.";
    } else {
      const before = acts.size;
      takeIn(found);
      by("kept").textContent = `Added ${acts.size - before} that were new.`;
    }
  } catch {
    by("kept").textContent = `"${file.name}" holds no notes of this course: choose a file that a page like this saved.`;
  }
  by("load").value = "";
});
