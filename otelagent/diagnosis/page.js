"use strict";
const steps = [...document.querySelectorAll("details.step")];
const found = steps.filter((step) => step.classList.contains("found"));
const focused = () => steps.indexOf(document.activeElement?.closest("details.step"));
const show = (step) => step?.querySelector("summary").focus();
const move = (among, by) => {
  const at = focused();
  const next = by > 0 ? among.find((s) => steps.indexOf(s) > at) : among.findLast((s) => at < 0 || steps.indexOf(s) < at);
  show(next);
};
const keys = { j: () => move(steps, 1), k: () => move(steps, -1), n: () => move(found, 1), p: () => move(found, -1) };
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});
const open = () => {
  const step = /^#step-\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
  if (step) {
    step.open = true;
    show(step);
  }
};
addEventListener("hashchange", open);
open();
