// Times in the reader's own time zone. They are put in while the page is read, before anything is drawn: written afterwards, a longer text would move what stands beside it.
"use strict";

(() => {
  // As the reader's country writes it; English alone as in Britain, the home of most tills in English.
  const language = document.documentElement.lang;
  const place = navigator.languages?.find((one) => one.startsWith(`${language}-`)) ?? (language === "en" ? "en-GB" : language);
  const written = "[data-when][datetime], [data-when][data-at]";

  function write(time) {
    const { when } = time.dataset, moment = new Date(time.dateTime || time.dataset.at);
    const isToday = moment.toDateString() === new Date().toDateString();
    const clockAlone = when === "clock" || (when === "recent" && isToday);
    const style = clockAlone ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: when === "recent" ? "short" : when || "short" };
    const text = new Intl.DateTimeFormat(place, style).format(moment);
    if (time.textContent !== text) time.textContent = text;
  }

  // Of an element, and of a text that the reader of the page adds to one later.
  function look(node) {
    const around = node.nodeType === Node.TEXT_NODE ? node.parentElement : node;
    if (!around?.matches) return;
    if (around.matches(written)) write(around);
    else for (const time of around.querySelectorAll(written)) write(time);
  }

  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) addedNodes.forEach(look);
  }).observe(document.documentElement, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => look(document.documentElement));
})();
