// The form of a new product: the table of variants follows the options as they are typed, pictures are kept as they are chosen, and what is typed is a draft on the server.
"use strict";

(() => {
  const form = document.querySelector("form[data-variants]");
  if (!form) return;
  const parts = [...form.querySelectorAll("[data-variant-part]")];
  const address = form.getAttribute("action"); // form.action is the buttons of that name
  const send = (action, keepsFiles, more = {}) => {
    const sent = new FormData(form);
    for (const name of keepsFiles ? [] : ["picture", "picture-drop"]) sent.delete(name);
    sent.set("action", action);
    return fetch(address, { method: "POST", body: sent, ...more });
  };
  const newest = {};
  const redraw = async (names, keepsFiles) => {
    // Of answers that overtake each other, the one to the last question counts.
    const number = newest[names] = (newest[names] ?? 0) + 1;
    const answer = await send("variants", keepsFiles);
    if (!answer.ok || answer.redirected || number !== newest[names]) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const scriptless of page.querySelectorAll("noscript")) scriptless.remove();
    for (const part of parts.filter((one) => names.includes(one.dataset.variantPart))) {
      const fresh = page.querySelector(`[data-variant-part="${part.dataset.variantPart}"]`);
      if (fresh) part.replaceChildren(...fresh.childNodes);
    }
    kept();
  };
  // The tab leads back to its own draft when it is loaded or opened again.
  const kept = () => {
    history.replaceState(null, "", `${address}/${form.elements.key.value}`);
    const said = form.querySelector("[data-draft]");
    said.textContent = `${said.dataset.text} ${new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date())}`;
  };
  let timer = 0;
  let changed = false;
  const keep = async (more) => {
    clearTimeout(timer);
    if (!changed) return;
    changed = false;
    try { if ((await send("draft", false, more)).status === 204) kept(); } catch { changed = true; }
  };
  form.addEventListener("input", () => { changed = true; clearTimeout(timer); timer = setTimeout(keep, 1500); });
  form.addEventListener("submit", () => { changed = false; clearTimeout(timer); });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") keep({ keepalive: true }); });
  form.addEventListener("change", (event) => {
    if (event.target.name?.startsWith("option-")) redraw(["table", "codes", "stock"], false);
    if (event.target.name === "picture" && event.target.value) redraw(["pictures"], true);
  });
})();
