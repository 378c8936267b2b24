/* A double click is one click: the second press of the same form within four seconds does nothing. The button keeps its looks,
   and the server holds without this file (R14). */
"use strict";

(() => {
  const PAUSE = 4000;
  const pressed = new WeakMap();

  document.addEventListener("submit", (event) => {
    const before = pressed.get(event.target);
    if (before !== undefined && performance.now() - before < PAUSE) event.preventDefault();
    else pressed.set(event.target, performance.now());
  });
})();
