// Recognises a pasted key at once: what nobody chose yet follows it, and what looks wrong is said below the field.
// Loaded with a form that has secrets; without it the same is asked and said when the form is sent.

const SECRETS = "[data-send] :is([autocomplete=new-password], textarea)";
const LINE_SEPARATOR = "\u2028"; // a single-line input drops line breaks; the server reads this as one

const asked = new WeakMap(); // by field, the value that was asked about last
const followed = new WeakMap(); // by field, the value that a pasted key gave it

window.credstore.root.addEventListener("paste", (event) => {
  const field = event.target;
  if (!field.matches?.(SECRETS)) return;
  const text = event.clipboardData.getData("text").trim();
  if (field.matches("input") && /[\r\n]/.test(text)) {
    event.preventDefault();
    field.setRangeText(text.replace(/\r\n|\r|\n/g, LINE_SEPARATOR), field.selectionStart, field.selectionEnd, "end");
    field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
  }
  setTimeout(() => detect(field)); // when the text is in the field
});

// A password manager fills in a key without pasting it.
window.credstore.root.addEventListener("change", (event) => {
  if (event.target.matches(SECRETS)) detect(event.target);
});

function detect(field) {
  if (!field.value || asked.get(field) === field.value) return;
  asked.set(field, field.value);
  // The form is sent only after this; see dialogs.js.
  field.form.pasteDetection = detectPaste(field).catch(() => {});
}

async function detectPaste(secret) {
  const { form } = secret;
  const body = new URLSearchParams(new FormData(form));
  const isNew = !form.elements.version;
  for (const field of form.elements) {
    const untouched = field.matches("select:not(.chosen)") && isNew;
    if (untouched || (followed.has(field) && followed.get(field) === field.value && !field.matches(".chosen"))) body.delete(field.name);
  }
  if (!body.get("type")) body.set("type", secret.name.split("-")[0]);
  const before = new FormData(form);
  const response = await fetch(form.dataset.detectPaste, { method: "POST", headers: { "X-Credstore": "fragment" }, body });
  if (!response.ok) return;
  const { fields, words } = await response.json();
  for (const field of form.elements)
    if (!field.options && followed.get(field) === field.value && !(field.name in fields)) field.value = ""; // of the key before
  for (const [name, value] of Object.entries(fields)) {
    const field = form.elements[name];
    if (field.value !== (before.get(name) ?? "")) continue; // somebody chose meanwhile
    followed.set(field, value);
    if (field.value === value) continue;
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true })); // for what else follows this field
    field.classList.remove("chosen"); // by nobody yet
  }
  const hint = secret.parentElement.querySelector(".hint");
  const said = words[secret.name] || "";
  if (!hint) return;
  hint.dataset.first ??= hint.textContent;
  hint.textContent = said || hint.dataset.first;
  if (said) window.credstore.say(said);
}
