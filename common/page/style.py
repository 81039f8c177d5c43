"""How the page looks: one small style sheet inside it, with nothing to load."""

CSS = """
:root { color-scheme: light dark; --text: #1b1f24; --soft: #57606a; --ground: #ffffff;
  --panel: #f6f8fa; --line: #818b98; --link: #0550ae; --good: #116329; --good-ground: #dafbe1;
  --bad: #a40e26; --bad-ground: #ffebe9; --due: #6b4400; --due-ground: #fff8c5; }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9da5ae;
  --ground: #0d1117; --panel: #161b22; --line: #6e7681; --link: #79b8ff; --good: #7ee787;
  --good-ground: #12261e; --bad: #ffb1a8; --bad-ground: #341a1d; --due: #f2cc60;
  --due-ground: #2b2411; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); line-height: 1.5;
  font-family: system-ui, sans-serif; font-size: 1rem; }
header, main, footer { max-width: 80rem; margin: 0 auto; padding: 0.75rem 1.25rem; }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; align-items: baseline;
  border-bottom: 1px solid var(--line); }
header strong { font-size: 1.1rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0;
  list-style: none; }
footer { color: var(--soft); border-top: 1px solid var(--line); }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0.5rem 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 0.5rem; }
a { color: var(--link); }
a:focus-visible, input:focus-visible, button:focus-visible, select:focus-visible,
.wide:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 0.5rem; padding: 0.25rem 0.75rem; background: var(--ground); }
.wide { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.words { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 16rem; }
.state { display: inline-block; padding: 0 0.5rem; border-radius: 0.6rem; white-space: nowrap;
  font-weight: 600; background: var(--panel); border: 1px solid currentColor; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.due { color: var(--due); background: var(--due-ground); }
.why { padding: 0.75rem 1rem; border-left: 0.3rem solid var(--line); background: var(--panel);
  white-space: pre-wrap; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
code { font-family: ui-monospace, monospace; font-size: 0.95em; overflow-wrap: anywhere; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end; margin: 1rem 0; }
form div { display: grid; gap: 0.2rem; }
input, select, button { font: inherit; color: inherit; padding: 0.35rem 0.6rem;
  background: var(--ground); border: 1px solid var(--line); border-radius: 0.3rem; }
input { width: min(28rem, 85vw); }
button { background: var(--panel); font-weight: 600; cursor: pointer; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.5rem; } }
"""
