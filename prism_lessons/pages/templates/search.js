// Blind listening: all clips in a new order under letters, without what is known of them, until each is asked for.

const open = document.getElementById("listen-blind"), list = document.getElementById("blind-clips");
const clips = [...document.querySelectorAll("td figure")].map((figure) => {
  const audio = figure.querySelector("audio");
  return { figure, audio, cell: figure.parentElement, name: audio.ariaLabel, caption: figure.querySelector("figcaption") };
});

function hide({ figure, audio, caption }, number) {
  const item = document.createElement("li"), name = `Clip ${number + 1}`;
  const reveal = Object.assign(document.createElement("button"), { type: "button", textContent: `Which trial is clip ${number + 1}?` });
  audio.ariaLabel = name;
  caption.hidden = true;
  reveal.addEventListener("click", () => {
    caption.hidden = false;
    caption.tabIndex = -1;
    caption.focus();
    reveal.remove();
  });
  item.append(Object.assign(document.createElement("strong"), { textContent: name }), figure, reveal);
  list.append(item);
}

function show({ figure, audio, cell, name, caption }) {
  audio.pause();
  audio.ariaLabel = name;
  caption.hidden = false;
  cell.append(figure);
}

open.addEventListener("click", () => {
  const blind = open.getAttribute("aria-pressed") === "false";
  open.setAttribute("aria-pressed", blind);
  document.getElementById("known").hidden = blind;
  if (blind) shuffled(clips).forEach(hide);
  else clips.forEach(show);
  if (!blind) list.replaceChildren();
});
open.hidden = clips.length < 2;
