"""What a browser measures of a page by a script: is it wider than its window, which targets are small."""

# Elements that reach over the right edge, or false.
WIDER = """() => document.documentElement.scrollWidth > document.documentElement.clientWidth
  && ['wider', ...[...document.body.querySelectorAll('*')].filter((it) => it.getBoundingClientRect().right > innerWidth)
    .map((it) => it.outerHTML.slice(0, 60))]"""

# Targets of less than 24 px (WCAG 2.2, 2.5.8), but for links in a sentence and those that a dialog covers.
SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, label, summary')]
  .filter((it) => !it.closest('p, .sr, .skip') && !it.matches('.sr, .skip, [type=hidden], .kind > input'))
  .filter((it) => !(document.querySelector('dialog[open]') && !it.closest('dialog')))
  .filter((it) => it.tagName !== 'LABEL' || it.querySelector('input'))
  .filter((it) => !it.closest('label') || it.tagName === 'LABEL')
  .map((it) => [it.outerHTML.slice(0, 90), it.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
  .map(([html, box]) => `${html} ${box.width}x${box.height}`)"""

# What the Content-Security-Policy would refuse if it ran.
INLINE = r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)"

# A dialog's buttons stick to its lower edge, whatever the height of the window.
BUTTONS_OUT_OF_SIGHT = """() => [...document.querySelectorAll('dialog[open] .buttons > :first-child')]
  .some((it) => it.getBoundingClientRect().bottom > innerHeight)"""

# What the style sheets say only of some windows or pointers and just now, of elements that axe checks. A rule counts as
# well if only its pseudo-element or a state of the pointer is what differs, and if the browser cannot tell.
STYLES = """() => {
  const where = document.querySelector('dialog[open]') ?? document.documentElement;
  const meets = (selector) => {
    if (!selector) return true;
    const plain = selector.replace(/::[\\w-]+(\\([^)]*\\))?|:(hover|active|focus[\\w-]*)/g, '') || '*';
    try { return where.matches(plain) || where.querySelector(plain) !== null; } catch { return true; }
  };
  const found = [];
  const read = (rules, varies) => {
    for (const rule of rules ?? []) {
      if (rule.media && !matchMedia(rule.media.mediaText).matches) continue;
      const inside = varies || /width|height|pointer|hover|orientation/.test(rule.media?.mediaText) ||
        rule instanceof CSSContainerRule;
      if (inside && rule.style && meets(rule.selectorText)) found.push(`${rule.selectorText} {${rule.style.cssText}}`);
      read(rule.cssRules, inside);
    }
  };
  for (const sheet of document.styleSheets) read(sheet.cssRules, false);
  return found;
}"""

# All of them, at the lower end of the page, where what sticks to the edge covers nothing.
MEASURES = f"""() => {{
  scrollTo(0, document.body.scrollHeight);
  return {{ wider: ({WIDER})(), small: ({SMALL_TARGETS})(), hidden: ({BUTTONS_OUT_OF_SIGHT})(), styles: ({STYLES})() }};
}}"""
