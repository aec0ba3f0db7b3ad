// What the shortcuts do. credstore.js loads it with the first one, and never while somebody types.
const find = (selector) => document.querySelector(selector);
const rowOf = (from) => from.closest("tbody tr");

// Signing out clears the storage of the browser; the choice is for longer, so that it is in a cookie.
const choice = "credstore_shortcuts=";

function showChoice() {
  const box = find("#shortcuts");
  if (!box) return;
  box.checked = !document.cookie.includes(`${choice}off`);
  box.onchange = () => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${choice}${box.checked ? "on" : "off"}; path=/; max-age=31536000; samesite=lax${secure}`;
  };
}

async function help(from) {
  const { href } = find("#help");
  try {
    const dialogs = await import(document.body.dataset.dialogs);
    await dialogs.open(href, from);
    showChoice();
  } catch {
    location.assign(href);
  }
}

function move(from, step) {
  const rows = [...document.querySelectorAll("tbody tr")];
  rows[rowOf(from) ? rows.indexOf(rowOf(from)) + step : 0]?.querySelector("th a").focus();
}

function test(from) {
  const row = rowOf(from);
  const within = row ? [row] : document.querySelectorAll("tr:has(td :checked), .result");
  for (const one of within) one.querySelector(".test")?.click();
}

export const actions = {
  "?": help,
  "/": () => find("[type=search]")?.select(),
  n: () => find("[data-key=n]")?.click(),
  t: test,
  x: (from) => rowOf(from)?.querySelector("[name=ids]").click(),
  j: (from) => move(from, 1),
  k: (from) => move(from, -1),
};

showChoice();
