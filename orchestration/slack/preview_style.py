"""The look of the preview's page."""

STYLE = """
:root { color: #1d1c1d; background: #fff;
  font: 15px/1.47 Lato, "Helvetica Neue", Arial, sans-serif }
body { max-width: 760px; margin: 24px auto; padding: 0 16px }
h1 { font-size: 24px; margin: 0 0 4px }
h2 { font-size: 13px; color: #454245; margin: 32px 0 8px; padding-top: 8px;
  border-top: 1px solid #ddd; text-transform: none; font-weight: 700 }
h3 { font-size: 18px; line-height: 1.3; margin: 2px 0 6px }
p { margin: 0 0 8px }
nav ul { padding: 0; display: flex; flex-wrap: wrap; gap: 4px 14px; list-style: none }
a { color: #1264a3 }
.message { display: grid; grid-template-columns: 36px 1fr; gap: 8px; margin: 0 0 14px }
.avatar { width: 36px; height: 36px; border-radius: 6px; background: #3f0e40; color: #fff;
  font-weight: 700; display: grid; place-items: center }
.by { margin: 0 }
.app { font-size: 10px; font-weight: 700; background: #e8e8e8; color: #454245; padding: 1px 4px;
  border-radius: 2px }
.at, .context, small { font-size: 12.5px; color: #555 }
.context { display: flex; flex-wrap: wrap; gap: 2px 14px }
.fields { display: grid; grid-template-columns: 1fr 1fr; gap: 8px 16px; margin: 0 0 10px }
code { font: 12px/1.5 Menlo, Consolas, "DejaVu Sans Mono", monospace; color: #b3134a;
  background: #f6f6f6; border: 1px solid #ddd; border-radius: 3px; padding: 1px 3px;
  overflow-wrap: anywhere }
.mention { color: #1264a3; background: #e8f5fa; border-radius: 3px; padding: 0 2px }
.row { display: flex; flex-wrap: wrap; gap: 8px; margin: 4px 0 10px; align-items: center }
.row.end { justify-content: flex-end }
button, select { font: inherit; font-size: 13px; font-weight: 700; color: #1d1c1d; background: #fff;
  border: 1px solid #8a888a; border-radius: 4px; padding: 4px 11px; min-height: 30px }
button.primary { background: #007a5a; border-color: #007a5a; color: #fff }
.row select { width: 110px }
details { font-size: 12.5px; color: #454245; margin: -6px 0 8px }
.thread { margin: 0 0 0 44px; padding-left: 12px; border-left: 2px solid #ddd }
.text { font-size: 12px; color: #555; background: #f8f8f8; border-radius: 4px; padding: 4px 8px;
  overflow-wrap: anywhere }
.dialog { max-width: 520px; border: 1px solid #bbb; border-radius: 8px; padding: 16px 20px;
  box-shadow: 0 4px 16px #0002 }
fieldset { border: 0; padding: 0; margin: 0 0 12px }
legend { font-weight: 700 }
fieldset label { display: block; padding: 2px 0 }
@media (max-width: 480px) { .fields { grid-template-columns: 1fr } .thread { margin-left: 8px } }
"""
