// The table of clips, a row for each epoch and a column for each temperature and voice, and what is shown of it.

const clips = page.clips;
const epochs = [...new Set(clips.map((clip) => clip.epoch))];
const columns = []; // [temperature, voice, words]
for (const clip of clips)
  if (!columns.some(([temperature, voice]) => temperature === clip.temperature && voice === clip.voice))
    columns.push([clip.temperature, clip.voice]);
columns.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
const voices = [...new Set(columns.map(([, voice]) => voice))].sort((one, other) => one - other);
const labels = new Map(clips.map((clip) => [clip.voice, clip.label]));
const ofVoice = (voice) => (labels.get(voice) ? `voice ${voice}, ${labels.get(voice)}` : `voice ${voice}`);
for (const column of columns)
  column.push(`temperature ${column[0]}${voices.length > 1 ? `, ${ofVoice(column[1])}` : ""}`);
const places = new Map(clips.map((clip, index) => [`${clip.epoch} ${clip.temperature} ${clip.voice}`, index]));
const at = (epoch, [temperature, voice]) => places.get(`${epoch} ${temperature} ${voice}`);
const buttons = []; // of each clip
const isAudible = (clip) => page.kinds[clip.kind].audible;
let chosen = null;

function write(parent, tag, text = "") {
  const element = parent.appendChild(document.createElement(tag));
  element.textContent = text;
  return element;
}

function options(select, values) {
  for (const [value, words] of values) write(select, "option", words).value = value;
}

options(by("temperature"), [["", "all"], ...[...new Set(columns.map(([t]) => t))].map((t) => [t, t])]);
options(by("voice"), [["", "all"], ...voices.map((voice) => [voice, ofVoice(voice).replace("voice ", "")])]);
options(by("kind"), [["", "anything"], ...Object.entries(page.kinds).map(([kind, { title }]) => [kind, title])]);
options(by("column"), columns.map(([, , words], index) => [index, words]));

// The outline of a clip's level, 0 to 9 for each of some moments, as a small picture.
function outline(shape) {
  const upper = [...shape].map((digit, index) => `${index},${10 - digit}`);
  const lower = [...shape].map((digit, index) => `${index},${10 + Number(digit)}`).reverse();
  return `<svg viewBox="0 0 ${shape.length - 1} 20" preserveAspectRatio="none" aria-hidden="true">`
    + `<path d="M0,10H${shape.length - 1}"/><polygon points="${[...upper, ...lower].join(" ")}"/></svg>`;
}

function drawGrid() {
  const table = by("frame").appendChild(document.createElement("table"));
  table.setAttribute("role", "grid");
  table.setAttribute("aria-labelledby", "grid-heading");
  const head = table.createTHead().insertRow();
  for (const words of ["epoch", ...columns.map(([, , words]) => words.replace("temperature ", "temp. "))])
    write(head, "th", words).scope = "col";
  const body = table.createTBody();
  for (const epoch of epochs) {
    const row = body.insertRow();
    row.dataset.epoch = epoch;
    write(row, "th", epoch).scope = "row";
    for (const column of columns) {
      const cell = row.insertCell(), index = at(epoch, column);
      if (index === undefined) continue;
      const button = cell.appendChild(document.createElement("button"));
      button.type = "button";
      button.tabIndex = -1;
      button.innerHTML = outline(clips[index].outline);
      button.classList.toggle("inaudible", !isAudible(clips[index]));
      write(button, "span");
      button.addEventListener("click", () => { choose(index); playOrStop(); });
      button.addEventListener("focus", () => choose(index));
      buttons[index] = button;
    }
  }
}

function inWords(index) {
  const { stars, tags, notes } = heard(clips[index].name);
  const marks = [stars.length ? "★" : "", notes.size ? "✎" : "", tags.length ? "#" : ""].join("");
  const spoken = [stars.length ? "starred" : "", notes.size ? "noted" : "", ...tags].filter(Boolean).join(", ");
  return { marks, spoken };
}

function label(index) {
  const { marks, spoken } = inWords(index), clip = clips[index], { title } = page.kinds[clip.kind];
  buttons[index].lastChild.textContent = [marks, title].filter(Boolean).join(" ");
  buttons[index].setAttribute("aria-label", `${clip.title}: ${[title, spoken].filter(Boolean).join(", ")}`);
}

// Filters

function isShown(index) {
  return !buttons[index].closest("tr").hidden && !buttons[index].hidden;
}

function filter() {
  const every = Math.max(1, Math.round(Number(by("every").value)) || 1);
  const wanted = { temperature: by("temperature").value, voice: by("voice").value, kind: by("kind").value };
  clips.forEach((clip, index) => {
    const said = heard(clip.name);
    const fits = Object.entries(wanted).every(([name, value]) => value === "" || String(clip[name]) === value);
    buttons[index].hidden = !fits || (by("starred").checked && !said.stars.length && !said.notes.size && !said.tags.length);
  });
  for (const row of by("frame").querySelectorAll("tbody tr")) {
    const epoch = Number(row.dataset.epoch), last = epoch === epochs[epochs.length - 1];
    const some = [...row.querySelectorAll("button")].some((button) => !button.hidden);
    row.hidden = !some || (epoch % every !== 0 && !last);
  }
  columns.forEach((column, place) => {
    const cells = by("frame").querySelectorAll(`tr > :nth-child(${place + 2})`);
    const empty = ![...cells].some((cell) => cell.querySelector("button:not([hidden])"));
    for (const cell of cells) cell.hidden = empty;
  });
  const shown = clips.filter((_, index) => isShown(index)).length;
  by("shown").textContent = shown === clips.length
    ? `All ${shown} clips are shown.` : `${shown} of ${clips.length} clips are shown.`;
  reachable();
}

// Of a short run, every fifth epoch would be hardly more than the last one.
const step = epochs.length >= 10 ? 5 : 2;
by("fifth").textContent = step === 5 ? "Every fifth" : "Every second";
by("fifth").hidden = epochs.length < 4;
for (const id of ["every", "temperature", "voice", "kind", "starred"]) by(id).addEventListener("input", filter);
by("fifth").addEventListener("click", () => { by("every").value = step; filter(); });

// Keyboard: one clip at a time can be reached with Tab, the others with the arrows.

function reachable() {
  const first = chosen !== null && isShown(chosen) ? chosen : clips.findIndex((_, index) => isShown(index));
  buttons.forEach((button, index) => { button.tabIndex = index === first ? 0 : -1; });
}

function neighbour(index, down, across) {
  const clip = clips[index];
  let row = epochs.indexOf(clip.epoch);
  let place = columns.findIndex(([t, v]) => t === clip.temperature && v === clip.voice);
  for (;;) {
    row += down;
    place += across;
    if (row < 0 || place < 0 || row >= epochs.length || place >= columns.length) return null;
    const other = at(epochs[row], columns[place]);
    if (other !== undefined && isShown(other)) return other;
  }
}

// The next epoch of the same column; at its end, the top of the next one.
function following(index) {
  const below = neighbour(index, 1, 0);
  if (below !== null) return below;
  const clip = clips[index];
  const place = columns.findIndex(([t, v]) => t === clip.temperature && v === clip.voice);
  for (let step = 1; step <= columns.length; step++)
    for (const epoch of epochs) {
      const other = at(epoch, columns[(place + step) % columns.length]);
      if (other !== undefined && isShown(other)) return other;
    }
  return index;
}

function goTo(index) {
  if (index === null) return;
  choose(index);
  buttons[index].focus();
  buttons[index].scrollIntoView({ block: "nearest", inline: "nearest" });
}
