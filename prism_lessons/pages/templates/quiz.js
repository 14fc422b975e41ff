"use strict";
// What is said of an answer stands in the list of all answers, which is there without scripts too.
for (const question of document.querySelectorAll("fieldset")) {
  const answers = [...question.querySelectorAll("input")];
  const reasons = [...question.querySelectorAll("dd")];
  const button = question.querySelector("button");
  const said = question.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", () => {
    const reason = reasons[answers.findIndex((answer) => answer.checked)];
    said.textContent = reason ? reason.textContent : "Choose an answer first.";
  });
  question.addEventListener("change", () => (said.textContent = ""));
}

document.getElementById("unmarked").hidden = true;

const unfold = document.getElementById("unfold");
unfold.hidden = false;
unfold.addEventListener("click", () => {
  const folded = document.querySelectorAll("details:not([open])").length > 0;
  for (const answers of document.querySelectorAll("details")) answers.open = folded;
  unfold.textContent = folded ? "Fold all answers" : "Unfold all answers";
});
