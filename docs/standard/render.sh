#!/usr/bin/env bash
# Prints the standard: target/standard/stoq.html and target/standard/stoq.pdf. The page is made by this workspace; the PDF by WeasyPrint, which is
# installed from the index of Python packages into a folder of its own (it needs the system's Pango library: libpango-1.0-0 and libpangoft2-1.0-0).
set -euo pipefail
cd "$(dirname "$0")/../.."
out=target/standard
mkdir -p "$out"
cargo run --locked --quiet -p hypermesh-conform --bin standard -- html "$out/stoq.html"
if [ ! -x "$out/venv/bin/weasyprint" ]; then
    python3 -m venv "$out/venv"
    "$out/venv/bin/pip" install --quiet --disable-pip-version-check "weasyprint>=66,<71"
fi
"$out/venv/bin/weasyprint" --quiet "$out/stoq.html" "$out/stoq.pdf"
echo "$out/stoq.html and $out/stoq.pdf"
