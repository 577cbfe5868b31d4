// The answers are found while somebody types.
"use strict";

(() => {
  const search = document.getElementById("find-answer");
  if (!search) return;
  const answers = [...document.querySelectorAll(".answers details")];
  const none = document.getElementById("no-answer");
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  search.addEventListener("input", () => {
    const words = plain(search.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const answer of answers) {
      const text = plain(answer.textContent);
      answer.hidden = !words.every((word) => text.includes(word));
      shown += answer.hidden ? 0 : 1;
    }
    none.hidden = shown > 0;
  });
})();
