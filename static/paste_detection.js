// A pasted key may tell its provider: what nobody chose yet follows it, and what looks wrong is said below the field.
// Loaded when the first key is typed; without it the same is said after saving.

export async function detectPaste(secret) {
  const body = new URLSearchParams(new FormData(secret.form));
  for (const select of secret.form.querySelectorAll("select:not(.chosen)")) body.delete(select.name);
  if (!body.get("type")) body.set("type", secret.name.split("-")[0]);
  const response = await fetch("/credentials/detect-paste", { method: "POST", headers: { "X-Credstore": "fragment" }, body });
  if (!response.ok) return;
  const { fields, words } = await response.json();
  for (const [name, value] of Object.entries(fields)) secret.form.elements[name].value = value;
  const hint = secret.parentElement.querySelector(".hint");
  const said = words[secret.name];
  if (hint && said) document.getElementById("live").textContent = hint.textContent = said;
}
