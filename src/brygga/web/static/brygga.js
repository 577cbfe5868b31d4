// What pages do beyond links and forms: dialogs, ticked rows, countdowns, live numbers. Every page works without it.
// Parts of a page are replaced while it is open, so whatever may stand in one is listened to from the document.
"use strict";

const language = document.documentElement.lang;

function dialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-opens]");
    const dialog = opener && document.getElementById(opener.dataset.opens);
    if (dialog) {
      event.preventDefault();
      // A closed dialog gives the focus back to what had it before, which has to be there still.
      const drop = opener.closest("details.drop");
      drop?.querySelector("summary").focus();
      drop?.removeAttribute("open");
      if (dialog.id === "assign-dialog") offerChannel();
      sayChosen(dialog);
      dialog.showModal();
    }
    const closer = event.target.closest("[data-closes]");
    if (closer) { event.preventDefault(); closer.closest("dialog").close(); }
  });
}

// Ticking rows in the library; the box in the dialog shows yes, no or a mix (rule A5).
const boxes = () => [...document.querySelectorAll("input[name=product]")];
const everything = () => document.querySelector("input[name=everything]");

function showPicked() {
  const picked = boxes().filter((box) => box.checked);
  for (const box of boxes()) box.closest("tr").classList.toggle("ticked", box.checked);
  const all = document.getElementById("tick-all");
  if (all) { all.checked = picked.length > 0 && picked.length === boxes().length; all.indeterminate = picked.length > 0 && !all.checked; }
  const count = document.getElementById("picked-count");
  const whole = everything()?.checked;
  const n = whole ? Number(everything().dataset.total) : picked.length;
  if (count) count.textContent = n ? (whole ? count.dataset.all : count.dataset.text).replace("{n}", numbered(n)) : "";
}

const numbered = (n) => new Intl.NumberFormat(language).format(n);

// How many products a dialog is about, and which.
const NAMED = 5;
function sayChosen(dialog) {
  const spot = dialog.querySelector("[data-chosen]");
  if (!spot) return;
  const { one, many, more, all, none } = spot.dataset;
  const names = boxes().filter((box) => box.checked).map((box) => box.ariaLabel);
  const send = dialog.querySelector("button.main");
  if (send) send.disabled = !names.length && !everything()?.checked;
  if (everything()?.checked) { spot.textContent = all.replace("{n}", () => numbered(Number(everything().dataset.total))); return; }
  const first = names.slice(0, NAMED).join(", ");
  const rest = names.length - NAMED;
  const listed = rest > 0 ? more.replace("{names}", () => first).replace("{n}", () => numbered(rest)) : first;
  const text = names.length === 1 ? one : many;
  spot.textContent = names.length ? text.replace("{n}", () => numbered(names.length)).replace("{names}", () => listed) : none;
}

// Arrows move from row to row, space ticks, "/" goes to the search.
function keyboard() {
  const search = document.querySelector("form[role=search] input[type=search]");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.key === "/" && search && !typing) { event.preventDefault(); search.focus(); search.select(); return; }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const rows = boxes();
    if (!step || typing || !rows.length) return;
    const at = rows.indexOf(event.target.closest("tr")?.querySelector("input[name=product]"));
    if (at < 0 && event.target !== document.body) return;
    event.preventDefault();
    rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + step))].focus();
  });
}

// What the dialog's box wishes is said by a field of the rows' form. Left alone it says nothing, and so it does once the dialog is closed.
const wish = () => document.getElementById("channel-wish");

function offerChannel() {
  const channel = document.getElementById("channel");
  const picked = boxes().filter((box) => box.checked);
  const on = picked.filter((box) => box.dataset.assigned === "yes").length;
  const mixed = Boolean(everything()?.checked) || (on > 0 && on < picked.length);
  channel.checked = !mixed && on > 0;
  channel.indeterminate = mixed;
  wish().value = "leave";
}

function ticking() {
  if (!wish()) return;
  document.addEventListener("change", (event) => {
    if (event.target.id === "channel") wish().value = event.target.checked ? "yes" : "no";
    if (event.target.id === "tick-all") for (const box of boxes()) box.checked = event.target.checked;
    if (event.target.matches("#tick-all, input[name=product], input[name=everything]")) showPicked();
  });
  // "close" does not bubble. While the confirmation is open in place of the first dialog, the wish is still being asked about.
  document.addEventListener("close", () => { if (!document.querySelector("dialog[open]")) wish().value = "leave"; }, true);
  showPicked();
}

// "Unassign" asks again before anything is sent (rule A3). The other buttons of the same form never carry the wish.
function confirmations() {
  let waiting = null;
  let confirmed = null;
  document.addEventListener("submit", (event) => {
    const { target: form, submitter } = event;
    if (wish()) wish().disabled = !submitter?.closest("#assign-dialog");
    if (!form.dataset.confirms || form === confirmed || !asksFirst(form)) return;
    event.preventDefault();
    submitter?.closest("dialog")?.close();
    waiting = { form, submitter };
    const asking = document.getElementById(form.dataset.confirms);
    sayChosen(asking);
    asking.showModal();
  });
  document.addEventListener("click", (event) => {
    const yes = event.target.closest("[data-confirm]");
    if (!yes || !waiting) return;
    event.preventDefault();
    const { form, submitter } = waiting;
    confirmed = form;
    // Without it the server asks, as it does where there are no scripts.
    const answer = Object.assign(document.createElement("input"), { type: "hidden", name: "confirmed", value: "yes" });
    form.append(answer);
    form.requestSubmit(submitter);
    answer.remove();
    confirmed = waiting = null;
    yes.closest("dialog").close();
  });
}

function asksFirst(form) {
  return !form.dataset.when || [...form.elements].some((field) => !field.disabled && field.matches(form.dataset.when));
}

// The ten seconds in which an unassignment can be undone (decision 14), from when the page was drawn: the reader's clock may be wrong. The button stays, since work may be late, and the server says whether it is too late.
function countdowns(root) {
  for (const spot of root.querySelectorAll("[data-left]")) {
    const over = spot.textContent;
    const until = performance.now() + spot.dataset.left * 1000;
    const tick = () => {
      const left = Math.ceil((until - performance.now()) / 1000);
      spot.textContent = left > 0 ? spot.dataset.text.replace("{s}", left) : over;
      if (left > 0 && spot.isConnected) setTimeout(tick, 250);
    };
    tick();
  }
}

// The sum of a separate-stock form. One that differs from the shared number is asked about by the server, before anything is written (rule S5).
function sums() {
  const form = document.getElementById("separate");
  if (!form) return;
  const said = document.getElementById("sum-differs");
  const refresh = () => {
    let changed = false;
    for (const row of form.querySelectorAll("[data-shared]")) {
      const sum = [...row.querySelectorAll("input[type=number]")].reduce((total, input) => total + Number(input.value || 0), 0);
      row.querySelector("output").textContent = new Intl.NumberFormat(language).format(sum);
      const differs = sum !== Number(row.dataset.shared);
      row.classList.toggle("differs", differs);
      changed ||= differs;
    }
    said.hidden = !changed;
  };
  form.addEventListener("input", refresh);
  refresh();
}

function live() {
  const address = document.body.dataset.live;
  if (!address || !window.EventSource) return;
  const source = new EventSource(address);
  let before = null;
  source.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    for (const [key, value] of Object.entries(state.texts)) {
      for (const spot of document.querySelectorAll(`[data-live-text="${key}"]`)) {
        if (spot.textContent !== value) spot.textContent = value;
      }
    }
    for (const bar of document.querySelectorAll("progress[data-live-bar]")) {
      if (state.total > 0) { bar.max = state.total; bar.value = state.done; }
    }
    // The first figures may know of more than the page, which was read before them. A page that waits looks whenever work was added or done.
    const { newest, waits } = document.body.dataset;
    const waited = waits !== undefined && state.work !== before?.work;
    const moved = before === null ? waits !== undefined || (newest && state.newest && state.newest !== newest) : state.version !== before.version || waited;
    before = state;
    work = state.work;
    if (moved) refreshSoon();
  });
  for (const over of ["close", "toggle", "focusout", "click"]) document.addEventListener(over, refreshLate, true);
  window.addEventListener("pagehide", () => source.close());
}

// At once after a quiet moment. While much moves, a page is fetched a tenth of the time at most, but every five seconds, and once more when all is quiet.
const LONGEST_REST = 5_000;
let wanted = false;
let refreshing = false;
let restsUntil = 0;
let work; // the newest figures' stamp of the work
let late = false; // the reader was in the way
async function refreshSoon() {
  wanted = true;
  if (refreshing) return;
  refreshing = true;
  while (wanted) {
    const pause = restsUntil - Date.now();
    if (pause > 0) await new Promise((done) => setTimeout(done, pause));
    wanted = false;
    if (document.querySelector("dialog[open]")) { late = true; break; }
    const began = Date.now();
    const done = work;
    let failed = false;
    // Out of reach: it is tried again after a rest.
    try { failed = !(await refreshParts()); } catch { failed = true; }
    wanted ||= failed || ("waits" in document.body.dataset && work !== done);
    restsUntil = Date.now() + (failed ? LONGEST_REST : Math.min(LONGEST_REST, Math.max(1000, (Date.now() - began) * 10)));
  }
  refreshing = false;
}

// What could not be drawn anew while a dialog was open, something was typed or a button was held down is drawn when that is over.
function refreshLate() {
  if (!late) return;
  late = false;
  refreshSoon();
}

function wasChanged(select) {
  return select.selectedIndex !== Math.max(0, [...select.options].findIndex((option) => option.defaultSelected));
}

// The same link, button or box in a part that was drawn anew. A part that has none takes the focus itself, so that the keyboard goes on from there.
const nameOf = (one) => [one.localName, one.id, ...["href", "name", "value", "formaction", "aria-label"].map((name) => one.getAttribute(name)), one.form?.getAttribute("action")].join("\n");

function focusKept(part, redraw) {
  const had = part.contains(document.activeElement) && document.activeElement;
  const alike = (name) => [...part.querySelectorAll("a, button, input, summary")].filter((one) => nameOf(one) === name);
  const name = had && nameOf(had);
  const place = had ? alike(name).indexOf(had) : 0;
  redraw();
  if (!had) return;
  const twins = alike(name);
  const next = twins[place] ?? twins.at(-1) ?? part;
  if (next === part) part.tabIndex = -1;
  next.focus({ preventScroll: true });
}

const isTypedIn = (one) => one.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");

// Parts marked data-part are fetched anew when the state has moved; what the reader is filling in stays. False where the page could not be fetched.
async function refreshParts() {
  const parts = document.querySelectorAll("[data-part]");
  if (!parts.length) return true;
  const answer = await fetch(location.href, { headers: { "X-Requested-With": "brygga" } });
  if (answer.redirected) { location.reload(); return true; }
  if (!answer.ok) return answer.status < 500 && answer.status !== 429;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Connected, leaving, disconnected: another page altogether.
  if (page.querySelector("main")?.dataset.phase !== document.querySelector("main").dataset.phase) { location.reload(); return true; }
  document.body.toggleAttribute("data-waits", "waits" in page.body.dataset);
  // A parsed page has no scripts, so what is meant for browsers without them stands in it as real fields.
  for (const scriptless of page.querySelectorAll("noscript")) scriptless.remove();
  for (const part of parts) {
    const fresh = page.querySelector(`[data-part="${part.dataset.part}"]`);
    const chosen = [...part.querySelectorAll("select")].some(wasChanged)
      || [...part.querySelectorAll("input[type=radio], input[type=checkbox]")].some((one) => one.checked !== one.defaultChecked);
    const busy = chosen || (part.contains(document.activeElement) && isTypedIn(document.activeElement)) || part.querySelector(":active, input[name=product]:checked, input[name=everything]:checked, .drop[open], details[open]");
    if (fresh && busy) late = true;
    if (fresh && !busy) { part.className = fresh.className; focusKept(part, () => part.replaceChildren(...fresh.childNodes)); countdowns(part); showPicked(); }
  }
  return true;
}

// Choosing a filter is enough; the button beside it is for browsers without scripts.
function autosubmit() {
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submits]")) event.target.form.requestSubmit(); });
}

dialogs();
ticking();
keyboard();
confirmations();
countdowns(document);
sums();
live();
autosubmit();
if (location.hash) document.querySelector(`details${CSS.escape ? "#" + CSS.escape(location.hash.slice(1)) : ""}`)?.setAttribute("open", "");
