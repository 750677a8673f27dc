//! Problems of scenarios as SARIF 2.1.0, which code hosts show beside the lines.

use serde_json::{Value, json};

/// One log with one run: `problems` are those that `Report::to_json` lists.
pub(crate) fn log(problems: &[Value]) -> Value {
    let result = |problem: &Value| {
        json!({
            "ruleId": problem["code"],
            "level": problem["severity"],
            "message": { "text": problem["message"] },
            "locations": [{
                "physicalLocation": {
                    "artifactLocation": { "uri": problem["file"] },
                    "region": { "startLine": problem["line"], "startColumn": problem["column"] },
                },
            }],
        })
    };
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "hypermesh", "version": env!("CARGO_PKG_VERSION") } },
            "results": problems.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}
