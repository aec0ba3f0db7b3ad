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

# All of them, at the lower end of the page, where what sticks to the edge covers nothing.
MEASURES = f"""() => {{
  scrollTo(0, document.body.scrollHeight);
  return {{ wider: ({WIDER})(), small: ({SMALL_TARGETS})(), hidden: ({BUTTONS_OUT_OF_SIGHT})() }};
}}"""
