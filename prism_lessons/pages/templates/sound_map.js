"use strict";
// The map of sound_map.py: draws the points, says what is chosen, plays. Text goes in as text, never as HTML.

const map = JSON.parse(document.getElementById("data").textContent);
const sounds = JSON.parse(document.getElementById("sounds").textContent);
const count = map.names.length;
const NEIGHBOURS = 5;
const REACH = 24; // from a click to the point that it means, in the map's units
const STYLES = 16; // sources with a look of their own; the others share one

// Okabe and Ito's colours, which differ for colour-blind eyes too; outlines are darker, for contrast with the ground.
const COLOURS = [
  ["blue", "#0072b2", "#00466d"], ["orange", "#e69f00", "#8a5f00"], ["green", "#009e73", "#005f45"],
  ["pink", "#cc79a7", "#84405f"], ["light blue", "#56b4e9", "#1a6a99"], ["red", "#d55e00", "#803800"],
  ["yellow", "#f0e442", "#736c00"], ["black", "#3d4046", "#000000"],
];
const SHAPES = [
  ["circle", "M-.95 0A.95 .95 0 1 0 .95 0A.95 .95 0 1 0-.95 0Z"],
  ["square", "M-.85-.85H.85V.85H-.85Z"],
  ["triangle", "M0-1.1L1.05 .8H-1.05Z"],
  ["diamond", "M0-1.2L1.2 0L0 1.2L-1.2 0Z"],
  ["triangle pointing down", "M0 1.1L1.05-.8H-1.05Z"],
  ["plus", "M-.4-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z"],
  ["star", "M0-1.25L.31-.43L1.19-.39L.5 .16L.73 1.01L0 .53L-.73 1.01L-.5 .16L-1.19-.39L-.31-.43Z"],
  ["bar", "M-1.3-.5H1.3V.5H-1.3Z"],
];
const OTHERS = { words: "grey circle", fill: "#c9cbcf", outline: "#666b73", path: SHAPES[0][1] };

function style(group) {
  if (group >= STYLES) return OTHERS;
  const [colour, fill, outline] = COLOURS[group % 8];
  const [shape, path] = SHAPES[(group + 3 * Math.floor(group / 8)) % 8];
  return { words: `${colour} ${shape}`, fill, outline, path };
}

// Drawing

const SVG = "http://www.w3.org/2000/svg";
const picture = document.getElementById("map");

function draw(parent, tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return parent.appendChild(element);
}

function write(parent, tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return parent.appendChild(element);
}

function drawShape(parent, look, x, y, radius, more = {}) {
  const place = `translate(${x} ${y}) scale(${radius})`;
  return draw(parent, "path", { d: look.path, fill: look.fill, stroke: look.outline, transform: place, ...more });
}

const twinsOf = new Map(); // index -> [[index of the other, how]]
for (const [first, second, how] of map.twins)
  for (const [one, other] of [[first, second], [second, first]])
    twinsOf.set(one, [...(twinsOf.get(one) || []), [other, how]]);

const points = [], marks = []; // marks: [element, indices that it belongs to]
const lines = draw(picture, "g", { class: "twins", "aria-hidden": "true" });
const halo = draw(picture, "circle", { id: "halo", r: map.radius + 16, "aria-hidden": "true" });
const layer = draw(picture, "g", {});
const rings = draw(picture, "g", { class: "marks", "aria-hidden": "true" });
const ring = draw(picture, "g", { id: "ring", "aria-hidden": "true" }); // two circles, to be seen on any ground
draw(ring, "circle", { class: "casing", r: map.radius + 6.5 });
draw(ring, "circle", { r: map.radius + 6.5 });

for (const [a, b] of map.twins)
  marks.push([draw(lines, "line", { x1: map.x[a], y1: map.y[a], x2: map.x[b], y2: map.y[b] }), [a, b]]);
for (let index = 0; index < count; index++) {
  const place = { cx: map.x[index], cy: map.y[index] };
  if (index in map.outliers)
    marks.push([draw(rings, "circle", { class: "outlier", r: map.radius + 4.5, ...place }), [index]]);
  if (twinsOf.has(index)) marks.push([draw(rings, "circle", { r: map.radius + 2.2, ...place }), [index]]);
  points.push(drawShape(layer, style(map.group[index]), map.x[index], map.y[index], map.radius, {
    id: `sound-${index}`, role: "option", "aria-label": map.names[index], "aria-selected": "false",
    ...(sounds[index] ? {} : { fill: "#fff" }),
  }));
}

function plural(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

function sizes(values, length) {
  const found = new Array(length).fill(0);
  for (const value of values) found[value]++;
  return found;
}

const groupSizes = sizes(map.group, map.groups.length), clusterSizes = sizes(map.cluster, map.clusters.length);

function clusterInWords(number) {
  return `${number + 1}: ${map.clusters[number]}`;
}

function drawLegend() {
  const legend = document.getElementById("legend");
  const entry = (words, detail) => {
    const item = legend.appendChild(document.createElement("li"));
    const swatch = draw(item, "svg", { viewBox: "-10 -10 20 20", "aria-hidden": "true" });
    const label = write(item, "span", words);
    label.append(" ");
    write(label, "span", detail).className = "small";
    return swatch;
  };
  map.groups.slice(0, STYLES).forEach((name, group) => {
    const look = style(group);
    drawShape(entry(name, `${look.words}, ${plural(groupSizes[group], "sound").replace(" ", "\u00a0")}`), look, 0, 0, 6.5);
  });
  const rest = map.groups.length - STYLES;
  if (rest > 0) {
    const number = groupSizes.slice(STYLES).reduce((sum, size) => sum + size, 0);
    const swatch = entry(plural(rest, "other source"), `${OTHERS.words}, ${plural(number, "sound")}`);
    drawShape(swatch, OTHERS, 0, 0, 6.5);
  }
  if (Object.keys(map.outliers).length) {
    const swatch = draw(entry("outlier", "dashed ring: unlike all others"), "g", { class: "marks" });
    draw(swatch, "circle", { class: "outlier", r: 8 });
  }
  if (map.twins.length) {
    const swatch = entry("twins", "ringed, joined by a line: the same sound twice");
    draw(draw(swatch, "g", { class: "twins" }), "line", { x1: -5, y1: 4, x2: 5, y2: -4 });
    const both = draw(swatch, "g", { class: "marks" });
    draw(both, "circle", { r: 3, cx: -6, cy: 5 });
    draw(both, "circle", { r: 3, cx: 6, cy: -5 });
  }
}

// What is chosen

let chosen = 0, playing = -1, queue = [], origin = -1, shown = () => true;
const card = document.getElementById("chosen");
const playButton = document.getElementById("play");

function remarks(index) {
  const words = (twinsOf.get(index) || []).map(([other, how]) => `Twin of ${map.names[other]}: ${how}.`);
  return index in map.outliers ? [`Outlier: ${map.outliers[index]}.`, ...words] : words;
}

function level(index) {
  return `${map.levels[index].toFixed(1).replace("-", "−")} dBFS`;
}

function choose(index) {
  points[chosen].setAttribute("aria-selected", "false");
  chosen = index;
  points[chosen].setAttribute("aria-selected", "true");
  picture.setAttribute("aria-activedescendant", `sound-${chosen}`);
  for (const mark of [ring, halo]) mark.setAttribute("transform", `translate(${map.x[chosen]} ${map.y[chosen]})`);
  card.replaceChildren();
  write(card, "p", map.names[index]);
  write(card, "p", map.groups[map.group[index]]);
  write(card, "p", `${map.seconds[index]} s, RMS ${level(index)}`);
  write(card, "p", `Cluster ${clusterInWords(map.cluster[index])}`);
  for (const words of remarks(index)) write(card, "p", words);
  if (!sounds[index]) write(card, "p", map.withheld[index] || "Its sound is not in this page.");
  showState();
}

function distance(one, other) {
  return Math.hypot(map.x[one] - map.x[other], map.y[one] - map.y[other]);
}

// The nearest point in a direction: within 45 degrees of it or, where there is none, anywhere on that side.
function towards(across, down) {
  let best = -1, least = Infinity;
  for (let index = 0; index < count; index++) {
    if (index === chosen || !shown(index)) continue;
    const dx = map.x[index] - map.x[chosen], dy = map.y[index] - map.y[chosen];
    const along = dx * across + dy * down, aside = Math.abs(dx * down) + Math.abs(dy * across);
    if (along <= 0) continue;
    const far = Math.hypot(dx, dy) + (aside > along ? 1e6 : 0);
    if (far < least) [best, least] = [index, far];
  }
  return best;
}

function inList(start, step) {
  for (let index = start; index >= 0 && index < count; index += step) if (shown(index)) return index;
  return -1;
}

// Playing: one player, made when it is first needed, that is given a sound when that is to be heard.

let player = null;

function showState() {
  halo.classList.toggle("playing", playing === chosen);
  playButton.textContent = playing < 0 ? "Play" : "Stop";
  for (const button of document.querySelectorAll("#rows [data-playing]"))
    if (Number(button.dataset.sound) !== playing) labelled(button, false);
  const button = document.querySelector(`#rows [data-sound="${playing}"]`);
  if (button) labelled(button, true);
}

function labelled(button, isPlaying) {
  const verb = isPlaying ? "Stop" : "Play";
  button.textContent = verb;
  button.setAttribute("aria-label", `${verb} ${map.names[button.dataset.sound]}`);
  button.toggleAttribute("data-playing", isPlaying);
}

function stop() {
  queue = [];
  origin = -1;
  playing = -1;
  if (player) player.pause();
  showState();
}

function ended() {
  playing = -1;
  if (queue.length) play(queue.shift());
  else choose(origin < 0 ? chosen : origin);
  if (playing < 0) origin = -1;
}

function play(index) {
  if (!sounds[index]) {
    playing = -1;
    choose(index);
    return;
  }
  if (!player) {
    player = new Audio();
    player.onended = ended;
  }
  playing = index;
  choose(index);
  player.src = sounds[index];
  player.play().catch(problem => {
    if (problem.name === "AbortError" || playing !== index) return; // another sound was asked for meanwhile
    stop();
    write(card, "p", "This browser could not play the sound.");
  });
}

function toggle(index) {
  const isPlaying = playing === index;
  stop();
  if (!isPlaying) play(index);
}

function tour() {
  const start = chosen;
  stop();
  const near = [...points.keys()].filter(index => index !== start && shown(index) && sounds[index]);
  near.sort((one, other) => distance(one, start) - distance(other, start));
  queue = near.slice(0, NEIGHBOURS);
  if (sounds[start]) queue.unshift(start);
  origin = start;
  if (queue.length) play(queue.shift());
}

// Pointer

const hover = document.getElementById("hover");

function under(event) {
  const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM().inverse());
  let best = -1, least = REACH;
  for (let index = 0; index < count; index++) {
    const far = Math.hypot(map.x[index] - place.x, map.y[index] - place.y);
    if (far < least && shown(index)) [best, least] = [index, far];
  }
  return best;
}

picture.addEventListener("pointermove", event => {
  const index = under(event);
  hover.hidden = index < 0;
  if (index < 0) return;
  hover.textContent = map.names[index];
  const frame = picture.getBoundingClientRect(), scale = frame.width / picture.viewBox.baseVal.width;
  const left = map.x[index] * scale, top = map.y[index] * scale;
  hover.style.left = `${Math.max(0, Math.min(left + 12, frame.width - hover.offsetWidth - 4))}px`;
  hover.style.top = `${top > 44 ? top - 14 - hover.offsetHeight : top + 16}px`;
});
picture.addEventListener("pointerleave", () => { hover.hidden = true; });
picture.addEventListener("click", event => {
  const index = under(event);
  if (index >= 0) toggle(index);
});

// Keys

const KEYS = {
  ArrowLeft: () => towards(-1, 0),
  ArrowRight: () => towards(1, 0),
  ArrowUp: () => towards(0, -1),
  ArrowDown: () => towards(0, 1),
  PageUp: () => inList(chosen - 1, -1),
  PageDown: () => inList(chosen + 1, 1),
  Home: () => inList(0, 1),
  End: () => inList(count - 1, -1),
};
picture.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key in KEYS) {
    const index = KEYS[event.key]();
    if (index >= 0) choose(index);
  } else if (event.key === "Enter" || event.key === " ") toggle(chosen);
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key !== "Escape") return;
  hover.hidden = true;
  stop();
});

// Buttons, filter, table

playButton.addEventListener("click", () => toggle(playing < 0 ? chosen : playing));
document.getElementById("tour").addEventListener("click", tour);
document.addEventListener("click", event => {
  const button = event.target.closest("button[data-sound]");
  if (button) toggle(Number(button.dataset.sound));
});

const filter = document.getElementById("filter");

function fillFilter() {
  filter.add(new Option("all sounds", ""));
  const part = (label, kind, words, found) => {
    const group = filter.appendChild(document.createElement("optgroup"));
    group.label = label;
    found.forEach((size, number) => group.append(new Option(`${words(number)} (${size})`, `${kind} ${number}`)));
  };
  part("Source", "group", number => map.groups[number], groupSizes);
  part("Cluster", "cluster", clusterInWords, clusterSizes);
}

filter.addEventListener("change", () => {
  const [kind, number] = filter.value.split(" ");
  shown = kind ? index => map[kind][index] === Number(number) : () => true;
  points.forEach((point, index) => {
    point.classList.toggle("dimmed", !shown(index));
    point.setAttribute("aria-disabled", String(!shown(index)));
  });
  for (const [mark, indices] of marks) mark.classList.toggle("dimmed", !indices.some(shown));
  if (!shown(chosen) && inList(0, 1) >= 0) {
    stop();
    choose(inList(0, 1));
  }
});

function fillTable() {
  const rows = document.createDocumentFragment();
  for (let index = 0; index < count; index++) {
    const row = rows.appendChild(document.createElement("tr"));
    write(row, "th", map.names[index]).scope = "row";
    write(row, "td", map.groups[map.group[index]]);
    write(row, "td", `${map.seconds[index]} s`);
    write(row, "td", level(index));
    write(row, "td", clusterInWords(map.cluster[index]));
    write(row, "td", remarks(index).join(" "));
    const cell = write(row, "td", sounds[index] ? "" : map.withheld[index] || "not in this page");
    if (!sounds[index]) continue;
    const button = cell.appendChild(document.createElement("button"));
    button.type = "button";
    button.dataset.sound = index;
    labelled(button, index === playing);
  }
  document.getElementById("rows").append(rows);
}

// Filled when it is first opened, since a long table slows down everything else.
document.getElementById("all").addEventListener("toggle", fillTable, { once: true });

drawLegend();
fillFilter();
choose(0);
