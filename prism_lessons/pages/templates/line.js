// A line of temperature, loudness or brightness: points that are dragged or moved by keys. It is text in a field of the
// notebook, which Python reads; what is drawn is written there, and what is written there is drawn.

const SVG = "http://www.w3.org/2000/svg";
const [LOWEST, HIGHEST] = page.limits;
const USEFUL = page.shown; // the values that are always in the picture
const EDGE = { left: 40, right: 16, top: 16, bottom: 26 }; // pixels around the picture
const drawing = by("drawing");
let points = page.points; // [seconds, value], in their order
let chosen = 0;
let held = null; // the pointer that drags the chosen point

// Text

const number = (value) => String(Number(value.toFixed(3)));
const written = () => points.map(([seconds, value]) => `${number(seconds)}:${number(value)}`).join(", ");

// Points from text; null where it is none. Python decides and says why; this only draws what is being written.
function read(text) {
  const parts = text.split(/[,;]/).map((part) => part.trim()).filter(Boolean);
  const found = parts.map((part) => {
    const said = part.match(/^(?:(?:(\d+)m)?(\d*\.?\d*):)?\s*(-?(?:\d+\.?\d*|\.\d+))$/);
    return said ? [60 * Number(said[1] || 0) + Number(said[2] || 0), Number(said[3])] : [NaN, NaN];
  });
  const right = found.length && found.every(([seconds, value], index) => value >= LOWEST
    && value <= HIGHEST && (!index || seconds >= found[index - 1][0]));
  return right && (parts.length === 1 || parts.every((part) => part.includes(":"))) ? found : null;
}

const wire = connect(page.wire, ({ text, points: come }) => {
  if (held === null && wire.field()?.value === text) show(come); // else it has been changed again meanwhile
});

function write() {
  if (!wire.send(written())) by("said").textContent = "Not connected to Python: run this cell again to draw.";
}

let listening = null;
function listen() {
  const field = wire.field();
  if (!field || field === listening) return;
  listening = field;
  field.addEventListener("input", (event) => {
    const come = event.isTrusted && read(field.value); // what this page writes is drawn already
    if (come) show(come);
  });
}

// The picture

let long, low, high; // what the picture reaches to: seconds, and values

function measure() {
  if (held === null) {
    const values = points.map(([, value]) => value);
    long = Math.max(page.seconds, points.at(-1)[0]);
    low = Math.min(USEFUL[0], ...values);
    high = Math.max(USEFUL[1], ...values);
  }
  const { width, height } = drawing.getBoundingClientRect();
  const [wide, tall] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
  return {
    width, height,
    x: (seconds) => EDGE.left + (wide * seconds) / long,
    y: (value) => EDGE.top + (tall * (high - value)) / (high - low),
    seconds: (x) => Math.max(0, Math.min(long, ((x - EDGE.left) * long) / wide)),
    value: (y) => Math.max(low, Math.min(high, high - ((y - EDGE.top) * (high - low)) / tall)),
  };
}

function put(parent, tag, attributes, text = "") {
  const element = parent.appendChild(document.createElementNS(SVG, tag));
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

// A step of 1, 2 or 5 tens, hundreds, tenths that divides a length into at most some parts.
function step(length, parts) {
  const ten = 10 ** Math.floor(Math.log10(length / parts));
  return [1, 2, 5, 10].map((one) => one * ten).find((one) => length / one <= parts);
}

function draw() {
  const at = measure(), focused = document.activeElement?.dataset?.index;
  drawing.replaceChildren();
  drawing.setAttribute("viewBox", `0 0 ${at.width} ${at.height}`);
  const across = step(long, Math.max(2, at.width / 90)), down = step(high - low, 7);
  const axes = put(drawing, "g", { "aria-hidden": "true" });
  for (let tick = 0; tick <= long + 1e-9; tick += across) {
    put(axes, "path", { class: "grid", d: `M${at.x(tick)},${EDGE.top}V${at.height - EDGE.bottom}` });
    put(axes, "text", { x: at.x(tick), y: at.height - 8, "text-anchor": "middle" }, `${number(tick)} s`);
  }
  for (let tick = Math.ceil(low / down) * down; tick <= high + 1e-9; tick += down) {
    const kind = page.what === "temperature" && Math.abs(tick - 1) < 1e-9 ? "one" : "grid";
    put(axes, "path", { class: kind, d: `M${EDGE.left},${at.y(tick)}H${at.width - EDGE.right}` });
    put(axes, "text", { x: EDGE.left - 6, y: at.y(tick) + 4, "text-anchor": "end" }, number(tick));
  }
  const places = points.map(([seconds, value]) => [at.x(seconds), at.y(value)]);
  const path = places.map((place) => place.join(",")).join("L");
  put(drawing, "path", { class: "line", "aria-hidden": "true",
    d: `M${EDGE.left},${places[0][1]}L${path}L${at.width - EDGE.right},${places.at(-1)[1]}` });
  points.forEach(([seconds, value], index) => {
    const words = `${number(seconds)} s, ${page.what} ${number(value)}`;
    const point = put(drawing, "g", { class: "point", tabindex: 0, role: "slider", "data-index": index,
      transform: `translate(${places[index]})`, "aria-label": `Point ${index + 1} of ${points.length}`,
      "aria-orientation": "vertical", "aria-valuemin": LOWEST, "aria-valuemax": HIGHEST,
      "aria-valuenow": value, "aria-valuetext": words });
    put(point, "circle", { class: "reach", r: 16 });
    put(point, "circle", { r: 7 });
    if (index !== chosen) return;
    point.dataset.chosen = "";
    const left = places[index][0] > at.width / 2;
    put(point, "text", { x: left ? -10 : 10, y: places[index][1] < 40 ? 30 : -20, "aria-hidden": "true",
      "text-anchor": left ? "end" : "start" }, `${number(seconds)} s: ${number(value)}`);
  });
  by("remove").disabled = points.length === 1;
  if (focused !== undefined) drawing.querySelectorAll(".point")[chosen].focus();
}

function show(come) {
  points = come;
  chosen = Math.min(chosen, points.length - 1);
  draw();
}

// What is done to points

function move(seconds, value) {
  const least = chosen ? points[chosen - 1][0] : 0; // two points at one time are a step
  const most = chosen < points.length - 1 ? points[chosen + 1][0] : Math.max(page.seconds, points[chosen][0]);
  const to = (value, from, until) => Math.round(100 * Math.max(from, Math.min(until, value))) / 100;
  points[chosen] = [to(seconds, least, most), to(value, LOWEST, HIGHEST)];
  draw();
}

function add(seconds, value) {
  const index = points.findIndex((point) => point[0] > seconds), place = index < 0 ? points.length : index;
  points.splice(place, 0, [Math.round(100 * seconds) / 100, Math.round(100 * value) / 100]);
  chosen = place;
  draw();
}

// In the middle of the widest room between two points, or between a point and an end.
function addInTheWidest() {
  const ends = [[0, points[0][1]], ...points, [Math.max(page.seconds, points.at(-1)[0]), points.at(-1)[1]]];
  let widest = 1;
  for (let index = 1; index < ends.length; index++)
    if (ends[index][0] - ends[index - 1][0] > ends[widest][0] - ends[widest - 1][0]) widest = index;
  const [one, other] = [ends[widest - 1], ends[widest]];
  add((one[0] + other[0]) / 2, (one[1] + other[1]) / 2);
  drawing.querySelectorAll(".point")[chosen].focus();
  write();
}

function remove() {
  if (points.length === 1) return;
  points.splice(chosen, 1);
  chosen = Math.min(chosen, points.length - 1);
  draw();
  by("said").textContent = `Removed. ${points.length === 1 ? "One point is" : `${points.length} points are`} left.`;
  write();
}

const placeOf = (event) => {
  const { left, top } = drawing.getBoundingClientRect(), at = measure();
  return [at.seconds(event.clientX - left), at.value(event.clientY - top)];
};

drawing.addEventListener("pointerdown", (event) => {
  if (event.button) return;
  event.preventDefault();
  const point = event.target.closest(".point");
  if (point) chosen = Number(point.dataset.index);
  else add(...placeOf(event));
  draw();
  drawing.querySelectorAll(".point")[chosen].focus({ focusVisible: false });
  measure();
  held = event.pointerId;
  drawing.setPointerCapture(held);
});
drawing.addEventListener("pointermove", (event) => { if (event.pointerId === held) move(...placeOf(event)); });
for (const kind of ["pointerup", "pointercancel"])
  drawing.addEventListener(kind, (event) => {
    if (event.pointerId !== held) return;
    held = null;
    draw();
    write();
  });

drawing.addEventListener("keydown", (event) => {
  const large = event.shiftKey ? 10 : 1;
  const [seconds, value] = points[chosen];
  const moves = { ArrowUp: [0, page.step], ArrowDown: [0, -page.step], ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0] };
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key in moves) {
    const [later, more] = moves[event.key];
    move(seconds + large * later, value + large * more);
    write();
  } else if (["Delete", "Backspace"].includes(event.key)) remove();
  else return;
  event.preventDefault();
});
drawing.addEventListener("focusin", (event) => {
  const index = Number(event.target.closest(".point")?.dataset.index ?? chosen);
  if (index === chosen) return;
  chosen = index;
  draw();
});
by("add").addEventListener("click", addInTheWidest);
by("remove").addEventListener("click", remove);
new ResizeObserver(draw).observe(drawing);
if (around) new MutationObserver(listen).observe(around.body, { childList: true, subtree: true });
listen();
