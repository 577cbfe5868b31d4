"""axe-core, as installed from its registry: the accessibility rules that pages are held to."""

from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "web" / "node"
SCRIPT: Final = HERE / "node_modules" / "axe-core" / "axe.min.js"
IS_THERE: Final = SCRIPT.exists()
WHY_NOT: Final = "axe-core is not fetched (scripts/node.sh)"

RUN: Final = """async function broken(only, but) {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const runOnly = only.length ? { type: "rule", values: only } : { type: "tag", values: tags };
  const rules = Object.fromEntries((but || []).map((one) => [one, { enabled: false }]));
  axe.configure({ noHtml: true });
  const quick = { resultTypes: ["violations"], preload: false, iframes: false };
  const { violations } = await axe.run(document, { runOnly, rules, ...quick });
  return violations.flatMap((one) => one.nodes.map((node) => {
    const said = node.any.concat(node.all, node.none).map((check) => check.message).join("; ");
    return `${one.id} (${one.impact}): ${node.target.join(" ")} ${said.slice(0, 160)}`;
  }));
}"""
"""Every rule of WCAG 2.2 A and AA and the best practices, all `but` some, or `only` the named ones.
Returns what breaks them, whatever its grade. No node's HTML is written out: selectors name them.
"""
WALK: Final = f"""async ({{ pages, only, but }}) => {{
  {RUN}
  const found = [];
  for (const [name, html] of pages) {{
    const page = new DOMParser().parseFromString(html, "text/html");
    document.documentElement.lang = page.documentElement.lang;
    document.title = page.title;
    document.body.replaceWith(page.body);
    for (const one of document.querySelectorAll("details")) one.open = true;
    for (const said of await broken(only, but)) found.push(`${{name}}: ${{said}}`);
    for (const dialog of document.querySelectorAll("dialog")) {{
      dialog.showModal();
      const faults = await broken(only, but);
      for (const said of faults) found.push(`${{name}} #${{dialog.id}}: ${{said}}`);
      dialog.close();
    }}
  }}
  return found;
}}"""
"""The same of many pages, one after the other in one document: with everything unfolded, then with
each of their dialogs. `pages` are their names and their HTML.
"""
COLOURS: Final = ("color-contrast",)
"""The only rules whose result depends on the theme."""
