"use strict";
// The page of journey.py: says which epoch is heard, goes from one to the next. Text goes in as text, never as HTML.

const chapters = JSON.parse(document.getElementById("data").textContent); // [start, end, title], in seconds
const sound = document.getElementById("sound");
const now = document.getElementById("now");
const aloud = document.getElementById("aloud");
const [previous, next] = ["previous", "next"].map(id => document.getElementById(id));
const buttons = [...document.querySelectorAll("[data-chapter]")];
const LONGEST_WORD = 4000; // milliseconds after which the sound goes on though nothing said that it was spoken
let current = 0;
let speaking = null; // what is said while the sound waits

// The silence before a clip belongs to it, so that its name is there before it sounds.
function chapterAt(seconds) {
  const later = chapters.findIndex(([, end]) => seconds < end);
  return later < 0 ? chapters.length - 1 : later;
}

function show(chapter) {
  current = chapter;
  now.textContent = chapters[chapter][2];
  buttons.forEach((button, number) => {
    if (number === chapter) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  });
  // Not disabled, which would take the focus from whoever has just pressed them.
  previous.setAttribute("aria-disabled", chapter === 0);
  next.setAttribute("aria-disabled", chapter === chapters.length - 1);
}

// While an epoch is said, the sound waits, so that the one does not cover the other.
function say(words) {
  hush();
  const utterance = new SpeechSynthesisUtterance(words);
  utterance.lang = "en";
  const goOn = () => {
    if (speaking !== utterance) return;
    speaking = null;
    sound.play();
  };
  speaking = utterance;
  sound.pause();
  utterance.onend = utterance.onerror = goOn;
  setTimeout(goOn, LONGEST_WORD);
  speechSynthesis.speak(utterance);
}

function hush() {
  if (!speaking) return;
  speaking = null;
  speechSynthesis.cancel();
}

function follow() {
  const chapter = chapterAt(sound.currentTime);
  if (chapter === current) return;
  show(chapter);
  if (aloud.checked && !sound.paused) say(chapters[chapter][2]);
}

// To the beginning of a chapter, if there is one of that number; it plays if `plays`.
function go(chapter, plays = !sound.paused || speaking !== null) {
  if (!(chapter in chapters)) return;
  sound.currentTime = chapters[chapter][0];
  show(chapter);
  if (plays && aloud.checked) say(chapters[chapter][2]);
  else if (plays) sound.play();
}

function toggle() {
  if (!sound.paused) sound.pause();
  else if (speaking) hush();
  else sound.play();
}

previous.addEventListener("click", () => go(current - 1));
next.addEventListener("click", () => go(current + 1));
for (const button of buttons) button.addEventListener("click", () => go(Number(button.dataset.chapter), true));
for (const kind of ["timeupdate", "seeked"]) sound.addEventListener(kind, follow);
sound.addEventListener("play", hush); // whoever presses play does not want to wait

document.addEventListener("keydown", event => {
  if (!document.getElementById("keys").checked || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "n") go(current + 1);
  else if (event.key === "p") go(current - 1);
  else if (event.key === " " && !event.target.closest("button, input, audio")) toggle();
  else return;
  event.preventDefault();
});

if ("speechSynthesis" in window) document.getElementById("speech").hidden = false;
show(0);
