/* A pasted code loses its spaces and dashes at once, so that what is seen is what is sent. The server reads it either way (R12). */
"use strict";

(() => {
  const field = document.getElementById("code");
  if (!field) return;

  field.addEventListener("paste", (event) => {
    const pasted = event.clipboardData ? event.clipboardData.getData("text") : "";
    const digits = pasted.normalize("NFKC").replace(/[\s\p{Pd}]/gu, "");
    if (!/^\d{8}$/.test(digits)) return; // anything else is shown as it came, and answered by the server
    event.preventDefault();
    field.value = digits;
  });
})();
