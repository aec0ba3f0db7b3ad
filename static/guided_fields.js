// The two views of a JSON field, and "Show while typing". What was typed stands in one view, and moves when it is
// switched; the server joins both. Nothing is stored, and nothing is said of a value.

const { root, find, say } = window.credstore;
const texts = (json) => json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");

// The object, {} for nothing, or null for what is no object or would not be the same when it is written again.
function parse(text) {
  if (!text.trim()) return {};
  try {
    const found = JSON.parse(text);
    return found?.constructor === Object && texts(text) === texts(JSON.stringify(found)) ? found : null;
  } catch {
    return null;
  }
}

const write = (found) => (Object.keys(found).length ? JSON.stringify(found, null, 2) : "");

function views(group) {
  const inputs = [...group.querySelectorAll("[data-key]")];
  const half = (part) => inputs.find((input) => input.dataset.part === part);
  return { area: group.querySelector("textarea"), whole: inputs.filter((input) => !input.dataset.part), name: half("name"), value: half("value") };
}

function toJson(group) {
  const { area, whole, name, value } = views(group);
  const rest = parse(area.value);
  if (!rest) return; // the server says what is wrong with it
  const found = {};
  for (const input of whole) {
    const text = input.value.trim();
    if (!text || (Object.hasOwn(rest, input.dataset.key) && rest[input.dataset.key] !== text)) continue; // two values: both stay
    found[input.dataset.key] = text;
    input.value = "";
  }
  const others = (name && rest[name.dataset.key]) ?? {};
  if ((name?.value.trim() || value?.value.trim()) && others.constructor === Object && !Object.hasOwn(others, name.value.trim())) {
    found[name.dataset.key] = Object.fromEntries([[name.value.trim(), value.value.trim()], ...Object.entries(others)]);
    name.value = value.value = "";
  }
  const kept = Object.entries(rest).filter(([key]) => !Object.hasOwn(found, key));
  area.value = write(Object.fromEntries([...Object.entries(found), ...kept]));
}

function toFields(group) {
  const { area, whole, name, value } = views(group);
  const rest = parse(area.value);
  if (!rest) return false;
  const take = (input, text) => {
    if (typeof text !== "string" || input.value.trim()) return false;
    input.value = text;
    return true;
  };
  for (const input of whole) if (take(input, rest[input.dataset.key])) delete rest[input.dataset.key];
  const headers = name && rest[name.dataset.key];
  if (headers?.constructor === Object && !name.value && !value.value) {
    const [[first, text] = [], ...others] = Object.entries(headers);
    if (take(value, text)) {
      name.value = first;
      if (others.length) rest[name.dataset.key] = Object.fromEntries(others);
      else delete rest[name.dataset.key];
    }
  }
  area.value = write(rest);
  const keys = Object.keys(rest).join(", ");
  const note = group.querySelector(".rest");
  note.hidden = !keys;
  note.textContent = keys && `The JSON also has: ${keys}.`;
  return true;
}

function refuse(details) {
  const words = "This JSON cannot be shown as fields: it is not a valid object, or would not stay the same.";
  details.querySelector(".unread")?.remove();
  details.querySelector(".field").append(Object.assign(document.createElement("p"), { className: "wrong unread", textContent: words }));
  details.open = true;
  say(words);
}

root.addEventListener("toggle", ({ target }) => {
  if (!target.matches?.(".as-json")) return;
  const group = target.closest(".guided");
  target.querySelector("summary").textContent = target.open ? "Edit as fields" : "Edit as JSON";
  if (target.open) toJson(group);
  else if (toFields(group)) {
    target.querySelector(".unread")?.remove();
    if (!group.querySelector(".rest").hidden) say(group.querySelector(".rest").textContent);
  } else refuse(target);
}, true);

// A masked field is shown while the focus is in it or on its checkbox; never when it is sent or left.
const masked = (box) => box.closest(".field").querySelector("[type=password], [data-masked]");

function show(field, shown) {
  const box = field?.querySelector("[data-show]");
  const input = box && masked(box);
  if (!input) return; // a text area is masked by the style sheet
  input.dataset.masked = "";
  input.type = shown && box.checked ? "text" : "password";
}

root.addEventListener("change", ({ target }) => { if (target.matches("[data-show]")) show(target.closest(".field"), true); });
root.addEventListener("focusin", ({ target }) => show(target.closest(".field"), true));
root.addEventListener("focusout", ({ target, relatedTarget }) => {
  const field = target.closest(".field");
  if (!field?.contains(relatedTarget)) show(field, false);
});
root.addEventListener("submit", ({ target }) => { for (const field of target.querySelectorAll(".field")) show(field, false); }, true);
root.addEventListener("click", ({ target }) => {
  if (target.matches("[data-example]")) target.closest(".as-json").querySelector("[data-show]").checked = true;
});
// What the menu started closes it; what is wrong then has the focus.
root.addEventListener("focusin", ({ target }) => {
  const menu = find(".menu:popover-open");
  if (menu && !menu.contains(target) && !target.matches(".more")) menu.hidePopover();
});
