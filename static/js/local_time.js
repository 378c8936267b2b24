/* Times in the reader's own zone. The server wrote them in UTC; that stays in the title and is what stands without this file. */
"use strict";

(() => {
  const language = document.documentElement.lang || undefined;
  const sameDay = (a, b) => a.toDateString() === b.toDateString();
  const now = new Date();

  for (const element of document.querySelectorAll("time[data-local]")) {
    const at = new Date(element.dateTime);
    if (Number.isNaN(at.getTime()) || at.getTimezoneOffset() === 0) continue;
    const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" };
    const long = element.dataset.local === "long";
    if (long || !sameDay(at, now)) {
      parts.day = "numeric";
      parts.month = long ? "long" : "short";
      if (at.getFullYear() !== now.getFullYear()) parts.year = "numeric";
    }
    element.title = element.textContent;
    element.textContent = new Intl.DateTimeFormat(language, parts).format(at);
  }
})();
