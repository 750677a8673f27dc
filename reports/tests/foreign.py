"""Opens the Parquet tables of a run directory with a foreign reader (pyarrow) and compares them with run.json.

Usage: python3 reports/tests/foreign.py RUN_DIRECTORY...
Needs: pip install pyarrow. Ends with 0 if everything agrees, with 1 and a line per difference if not.
"""

import json
import pathlib
import sys

import pyarrow.compute as pc
import pyarrow.parquet as pq

COLUMNS = {
    "metrics.parquet": ["mode", "metric", "kind", "unit", "bin_from_ns", "bin_until_ns", "region", "value", "count"],
    "histograms.parquet": ["mode", "metric", "unit", "bin_from_ns", "bin_until_ns", "region", "value_low", "value_high", "count"],
    "broadcasts.parquet": ["mode", "id", "origin", "at_ns", "stayed", "reached", "delivered", "repaired", "redundant", "last_ns", "hops_max"],
    "infection.parquet": ["mode", "until_ns", "deliveries"],
    "serving.parquet": ["mode", "bin_from_ns", "bin_until_ns", "group", "what", "level", "count", "bytes"],
    "routes.parquet": ["mode", "group", "region", "to_group", "to_region", "connections", "contents", "bytes"],
    "flows.parquet": ["mode", "sent_ns", "done_ns", "from", "to", "bytes", "kind", "fate"],
    "events.parquet": ["mode", "at_ns", "node", "kind", "detail"],
    "windows.parquet": ["mode", "until_ns", "events", "wire", "local", "facts"],
}


def quantile(rows, share):
    """The upper end of the range in which the share lies, from (low, high, count)."""
    rows = sorted(rows, key=lambda row: row[1])
    total = sum(row[2] for row in rows)
    rank = max(1, -(-round(share * 1000) * total // 1000))
    seen = 0
    for _, high, count in rows:
        seen += count
        if seen >= rank:
            return high
    return None


def check(directory):
    """Yields a sentence for each difference."""
    directory = pathlib.Path(directory)
    run = json.loads((directory / "run.json").read_text(encoding="utf-8"))
    tables = {}
    for name, columns in COLUMNS.items():
        table = tables[name] = pq.read_table(directory / name)
        if table.column_names != columns:
            yield f"{name}: columns {table.column_names}, expected {columns}"
        if table.num_rows != run["tables"][name]:
            yield f"{name}: {table.num_rows} rows, run.json says {run['tables'][name]}"
        modes = set(pc.unique(table["mode"]).to_pylist())
        if table.num_rows and modes != {run["mode"]}:
            yield f"{name}: modes {modes}, run.json says {run['mode']}"
    yield from totals(run, tables)
    yield from deliveries(run, tables)


def deliveries(run, tables):
    """Compares what was served by level with the counters of the same name, and groups and regions with those of the plan."""
    serving, routes = tables["serving.parquet"], tables["routes.parquet"]
    for level, metric in {"memory": "serve.memory", "disk": "serve.disk", "above": "serve.upstream", "store": "serve.origin"}.items():
        found = pc.sum(serving.filter(pc.equal(serving["level"], level))["count"]).as_py() or 0
        told = run["totals"].get(metric, {}).get("count") or 0
        if found != told:
            yield f"serving.parquet: {found} from {level}, {metric} says {told}"
    groups = {group["name"] for group in run["plan"]["groups"]}
    for table, column in ((serving, "group"), (routes, "group"), (routes, "to_group")):
        strangers = set(pc.unique(table[column]).to_pylist()) - groups
        if strangers:
            yield f"{column}: {strangers} are no groups of the plan"


def totals(run, tables):
    """Compares the totals of run.json with sums over the bins of all regions together."""
    metrics = tables["metrics.parquet"].filter(pc.is_null(tables["metrics.parquet"]["region"]))
    histograms = tables["histograms.parquet"].filter(pc.is_null(tables["histograms.parquet"]["region"]))
    seen = set()
    for name, total in run["totals"].items():
        seen.add(name)
        if total["kind"] == "counter":
            rows = metrics.filter(pc.equal(metrics["metric"], name))
            if (pc.sum(rows["count"]).as_py() or 0) != total["count"]:
                yield f"{name}: the table sums to {pc.sum(rows['count'])}, run.json says {total['count']}"
        elif total["kind"] == "gauge":
            rows = metrics.filter(pc.equal(metrics["metric"], name)).sort_by("bin_from_ns")
            last = rows["value"].to_pylist()[-1] if rows.num_rows else None
            if total["last"] is not None and last != total["last"]:
                yield f"{name}: the last level is {last}, run.json says {total['last']}"
        else:
            rows = histograms.filter(pc.equal(histograms["metric"], name))
            buckets = list(zip(rows["value_low"].to_pylist(), rows["value_high"].to_pylist(), rows["count"].to_pylist()))
            found = {"count": sum(bucket[2] for bucket in buckets), "p50": quantile(buckets, 0.5), "p99": quantile(buckets, 0.99)}
            found["max"] = max((bucket[1] for bucket in buckets), default=None)
            for key, value in found.items():
                if value != total[key]:
                    yield f"{name}: {key} is {value} in the table, {total[key]} in run.json"
    unknown = set(pc.unique(metrics["metric"]).to_pylist()) - seen
    if unknown:
        yield f"metrics without a total in run.json: {sorted(unknown)}"


def main(directories):
    """Checks every run directory."""
    differences = 0
    for directory in directories:
        for sentence in check(directory):
            differences += 1
            print(f"{directory}: {sentence}")
        print(f"{directory}: checked")
    return 1 if differences or not directories else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
