"""Opens the pages that entrasnap writes in a real browser: check.py PROGRAM [FOLDER-FOR-SCREENSHOTS]

Holds: no page is wider than the window at 360, 768 and 1400 pixels; markup in a tenant's names is shown as text; nothing is
asked for and the console stays silent; text has a contrast of 4.5 to 1, light and dark; the filter works, and everything can
be read without it; printed, the page says the same, with its header on each sheet.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # no compiled modules beside the scripts

import chromium  # noqa: E402
import tenant  # noqa: E402

WIDTHS = [360, 768, 1400]

# Text that is seen, and the worst contrast of any of it with what is behind it.
CONTRAST = """
(() => {
  const parse = color => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  let worst = [21, ''];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const is_drawn = element instanceof SVGElement;
    const [a, b] = [light(parse(is_drawn ? style.fill : style.color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, walker.currentNode.data.slice(0, 60)];
  }
  return worst;
})()
"""

# Elements that stick out of the window, and are not inside something that scrolls.
OVERFLOW = """
(() => {
  const width = document.documentElement.clientWidth;
  const scrolls = element => {
    for (let at = element; at; at = at.parentElement)
      if (at !== document.documentElement && ['auto', 'scroll'].includes(getComputedStyle(at).overflowX)) return true;
    return false;
  };
  const odd = [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > width + 1 && !scrolls(element))
    .map(element => element.tagName + '.' + element.className);
  return [document.documentElement.scrollWidth - width, odd.slice(0, 5)];
})()
"""

# The narrowest cell of the tables of rows, in pixels.
NARROWEST = "Math.min(...[...document.querySelectorAll('.rows tbody td')].map(cell => cell.clientWidth))"


class Checker:
    """Pages, what was found wrong with them, and where screenshots go."""

    def __init__(self, program, work, shots):
        self.program, self.work, self.shots = program, work, shots
        self.browser = chromium.Browser(chromium.installed())
        self.failures = []

    def expect(self, holds, what):
        if not holds:
            self.failures.append(what)

    def run(self, *words, environment=None):
        """Runs the program in the folder of the store; returns what it prints."""
        done = subprocess.run([self.program, *words], cwd=self.work, capture_output=True, text=True, check=False,
                              env={**os.environ, **(environment or {})})
        if done.returncode not in (0, 4):
            sys.exit(f"entrasnap {' '.join(words)}: {done.returncode}\n{done.stderr}")
        return done.stdout

    def page(self, name, *words):
        """Writes a page, and checks what holds for each; the page stays open."""
        path = self.work / f"{name}.html"
        path.write_text(self.run(*words, "-o", "html"), encoding="utf-8")
        browser = self.browser
        for run_scripts in (False, True):
            browser.scripts(run_scripts)
            browser.resize(1400)
            browser.open(path)
            complaints = browser.complaints()
            self.expect(not complaints, f"{name}: the browser complains: {complaints}")
        for scheme in ("light", "dark"):
            browser.scheme(scheme)
            for width in WIDTHS:
                browser.resize(width)
                sticking, odd = browser.evaluate(OVERFLOW)
                self.expect(sticking <= 0 and not odd, f"{name}: {sticking} px too wide at {width} px: {odd}")
                if self.shots:
                    browser.screenshot(self.shots / f"{name}-{width}-{scheme}.png")
            ratio, text = browser.evaluate(CONTRAST)
            self.expect(ratio >= 4.5, f"{name}, {scheme}: a contrast of {ratio:.2f} in \"{text}\"")
        browser.scheme("light")
        browser.resize(1400)
        self.expect(browser.evaluate("document.title") != "owned", f"{name}: a name of the tenant ran as a script")
        self.expect(not browser.evaluate("document.images.length"), f"{name}: a name of the tenant is an image")
        return browser.evaluate("document.body.innerText")

    def printed(self, name):
        """The text of the open page, printed and read back, sheet by sheet."""
        path = (self.shots or self.work) / f"{name}.pdf"
        self.browser.pdf(path)
        read = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True)
        return read.stdout.rstrip("\f").split("\f")


def check_difference(checker):
    text = checker.page("difference", "diff", "latest~1")
    checker.expect(tenant.ATTACK in text, "difference: the hostile name is not shown as text")
    for words in ["Contoso <&> Ltd", tenant.TENANT, "before the incident", "What was not read",
                  "Findings by risk", "critical"]:
        checker.expect(words in text, f"difference: \"{words}\" is not on the page")
    browser = checker.browser
    shown = "[...document.querySelectorAll('[data-type]')].filter(item => item.getClientRects().length).length"
    everything = browser.evaluate(shown)
    browser.evaluate("const box = document.getElementById('filter-text'); box.value = 'virtanen';"
                     "box.dispatchEvent(new Event('input'));")
    some = browser.evaluate(shown)
    checker.expect(0 < some < everything, f"difference: the filter shows {some} of {everything}")
    browser.evaluate("box.value = ''; box.dispatchEvent(new Event('input'));"
                     "document.getElementById('filter-fold').click();")
    folded = browser.evaluate("document.querySelectorAll('[data-type][open]').length")
    checker.expect(folded == 0, f"difference: {folded} objects stay unfolded")
    sheets = checker.printed("difference")
    whole = re.sub(r"\s+", "", "".join(sheets))
    for words in [tenant.ATTACK, "Henrik Virtanen", "Clerk", "pointsatnothing", "What was not read"]:
        checker.expect(re.sub(r"\s+", "", words) in whole, f"difference: \"{words}\" is not printed")
    headless = [number for number, sheet in enumerate(sheets, 1) if "What changed" not in sheet[:200]]
    checker.expect(not headless, f"difference: printed without a header on sheets {headless}")
    checker.expect(len(sheets) > 1, "difference: printed on one sheet")
    # An address that leads to an object unfolds it, without a script.
    browser.scripts(False)
    browser.call("Page.navigate", url=browser.evaluate("location.href").split("#")[0] + "#" + browser.evaluate(
        "document.querySelector('.object > .body').id"))
    opened = browser.evaluate("document.querySelector('.object').open")
    checker.expect(opened, "difference: an anchor does not unfold its object")
    browser.scripts(True)


def check_recovery(checker):
    """Applies the plan to a twin of the tenant, for the page of a recovery."""
    words = [checker.program, "twin", "--from", "latest"]
    twin = subprocess.Popen(words, cwd=checker.work, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        lines = [twin.stdout.readline().strip() for _ in range(5)]
        environment = dict(line.split("=", 1) for line in lines)
        checker.run("apply", "plan.json", "--yes", "--allow", "re-enables-account", "--reason", "incident 7",
                    environment=environment)
    finally:
        twin.terminate()
        twin.wait(timeout=20)
    recovery = json.loads(checker.run("recoveries", "-o", "json"))[0]["id"]
    text = checker.page("recovery", "recovery", "show", recovery)
    for words in ["incident 7", "Not as planned: 1 step", "it is not in the recycle bin", tenant.ATTACK]:
        checker.expect(words in text, f"recovery: \"{words}\" is not on the page")


def check_others(checker):
    checker.run("report", "create", "latest~1", "--name", "monday")
    text = checker.page("report", "report", "show", "monday")
    checker.expect("Report monday" in text and tenant.ATTACK in text, "report: it is not the report")
    checker.run("plan", "latest~1", "latest", "--soft-delete", "--out", "plan.json")
    text = checker.page("plan", "plan", "show", "plan.json")
    for words in ["Guard re-enables-account", "Permissions", "Hash", "Reviewed by", "Approved by"]:
        checker.expect(words in text, f"plan: \"{words}\" is not on the page")
    checker.expect("\\n" not in text, "plan: line breaks are shown as letters")
    sheets = checker.printed("plan")
    checker.expect("Approved by" in "".join(sheets), "plan: no room for a signature is printed")
    text = checker.page("policy", "show", "CA1 Multifactor for everybody")
    checker.expect("points at nothing" in text and "Henrik Virtanen" in text, "policy: it is not put into words")
    checker.page("users", "query", "users")
    narrowest = checker.browser.evaluate(NARROWEST)
    checker.expect(narrowest >= 40, f"users: a column is {narrowest} px wide")
    checker.expect(tenant.guid(3) in "".join(checker.printed("users")), "users: an ID is broken when printed")
    for kind in ["barchart", "columnchart", "piechart", "timechart"]:
        x = "bin(createdAt, 1h)" if kind == "timechart" else "department"
        rows = "users | extend createdAt = datetime(2026-11-29) + strlen(displayName) * 1h"
        query = f"{rows} | summarize users = count(), enabled = countif(accountEnabled) by {x} | render {kind}"
        text = checker.page(kind, "query", query)
        checker.expect("users" in text and "enabled" in text, f"{kind}: the series have no names")


def main():
    if not chromium.installed() or not shutil.which("pdftotext"):
        sys.exit("needs Chromium and pdftotext")
    program = str(Path(sys.argv[1]).resolve())
    shots = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        before, after = tenant.write(work)
        checker = Checker(program, work, shots)
        try:
            checker.run("import", str(before), "--taken-at", "2026-11-29T08:00:00Z", "--note", "before the incident")
            checker.run("import", str(after), "--taken-at", "2026-11-30T08:00:00Z", "--note", "after")
            check_difference(checker)
            check_others(checker)
            check_recovery(checker)
        finally:
            checker.browser.close()
    if checker.failures:
        sys.exit("\n".join(checker.failures))
    print("the pages hold in a browser")


if __name__ == "__main__":
    main()
