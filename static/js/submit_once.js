/* A double click is one click: the second press of the same form within four seconds does nothing. The button keeps its looks,
   and the server holds without this file (R14).
   A page that answers a form takes its own address in the browser's history: Reload, Back and Forward then ask for the
   page, where they would send the form a second time or show the browser's error page. */
"use strict";

(() => {
  const PAUSE = 4000;
  const pressed = new WeakMap();
  const ownUrl = document.body.dataset.ownUrl;
  if (ownUrl) history.replaceState(history.state, "", ownUrl);

  document.addEventListener("submit", (event) => {
    const before = pressed.get(event.target);
    if (before !== undefined && performance.now() - before < PAUSE) event.preventDefault();
    else pressed.set(event.target, performance.now());
  });
})();
