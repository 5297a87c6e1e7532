# SPDX-License-Identifier: Apache-2.0
"""Run jobs side by side: elaborate, map, place; every result is kept by the hash of its inputs."""
import concurrent.futures
import copy
import pathlib
import threading

from . import bars, plan, process, rtl
from .cache import Cache, digest
from .progress import Progress
from .targets import SEED, TARGETS

MOST_SEEDS = 4  # tried until a placement reaches its clock

FLOW = digest(*(p.read_bytes() for p in sorted(pathlib.Path(__file__).parent.glob("*.py"))
                if p.stem in ("carry", "count", "fanout", "flip_flops", "harness", "rtl", "targets")))


class Runner:
    """Holds the sources, the tools and the cache of one run."""

    def __init__(self, tools, out, jobs, seeds=None):
        self.tools, self.out, self.workers = tools, pathlib.Path(out).resolve(), jobs
        self.seeds = range(SEED, SEED + seeds) if seeds else None  # None: that of the target, others below its clock
        self.out.mkdir(parents=True, exist_ok=True)
        self.cache = Cache(self.out / "cache")
        self.sources = rtl.Sources(self.out)
        self.identity = tools.identity()
        self.locks, self.lock = {}, threading.Lock()
        self.refused = []  # one sentence for each design that could not be placed

    def versions(self):
        """Tool to version."""
        key = digest("versions", self.identity)
        return self.cache.get(key) or self.cache.put(key, self.tools.versions())

    def elaborate(self, top, parameters):
        """RTLIL of `top`, made once however many jobs ask for it."""
        key = digest(top, parameters)
        with self.lock:
            own = self.locks.setdefault(key, threading.Lock())
        with own:
            return self.sources.elaborate(self.tools, top, dict(parameters), self.out / "elaborated")

    def jobs(self, chosen, config, overrides, pack_all=False, mode="full"):
        """Jobs for `chosen` (target -> names); `blocks` stands for every block of the engine. `pack_all`: nothing is placed, whatever `mode` says.

        Except with `quick`, a block has the clock that its bar asks for."""
        result = []
        for target, names in chosen.items():
            for name in names:
                parameters = plan.parameters(target, name, config, overrides)
                items = tuple(sorted(parameters.items()))
                base = name.partition(":")[0]
                packed = pack_all or plan.packed(mode, target, name)
                if name == "blocks":
                    il = self.elaborate(plan.TOPS[plan.ENGINE], items)
                    result += [plan.Job(target, block, plan.TOPS[plan.ENGINE], items, instance, packed)
                               for block, instance in rtl.blocks(il).items() if block not in (*plan.TOPS.values(), plan.PE)]
                else:
                    top = plan.TOPS.get(base, base)
                    result.append(plan.Job(target, name, top, items, "", packed, 0.0 if mode == "quick" else bars.clock(target, name)))
        return result

    def _seeds(self, job, target):
        """Placement seeds in the order in which they are tried."""
        if not target.place or job.pack_only:
            return (SEED,)
        return self.seeds or (target.seed, *(s for s in range(SEED, SEED + MOST_SEEDS) if s != target.seed))

    def _enough(self, job, figures):
        """Whether no other seed is tried: nobody named a number of them, and this one reached the clock or cannot be placed at all."""
        return self.seeds is None and (figures["fmax_mhz"] is None or figures["fmax_mhz"] >= job.clock)

    def _measure(self, job, progress):
        name = f"{job.target} {job.block}"
        target = TARGETS[job.target]
        pins = job.top in plan.BOARDS
        progress.begin(name, "elaborate")
        il = self.elaborate(job.top, job.parameters)
        folder = self.out / "work" / job.target / job.block.replace(":", "-")
        mapped, tried = None, {}
        for seed in self._seeds(job, target):
            key = digest(FLOW, il.read_bytes(), self.identity, job.target, job.instance, job.pack_only, seed)
            tried[seed] = self.cache.get(key)
            if tried[seed] is None:
                place = folder / f"seed-{seed}"
                place.mkdir(parents=True, exist_ok=True)
                if mapped is None:
                    progress.begin(name, "map")
                    mapped = target.map(self.tools, il, job.instance or job.top, folder)
                progress.begin(name, f"place, seed {seed}" if target.place else "count")
                tried[seed] = target.measure(self.tools, copy.deepcopy(mapped), place, job.block, pins, pack_only=job.pack_only, seed=seed)
                if not tried[seed].get("refused"):  # a placer that somebody stopped must run again
                    self.cache.put(key, tried[seed])
            if self._enough(job, tried[seed]):
                break
        figures = best(tried)
        if figures.get("refused"):
            self.refused.append(figures["refused"])
        progress.end(name, f"{figures['cells']} cells")
        return figures

    def run(self, jobs):
        """Figures of every job, in order; the first Problem stops the rest."""
        progress = Progress(len(jobs))
        try:
            with concurrent.futures.ThreadPoolExecutor(self.workers) as pool:
                futures = [pool.submit(self._measure, job, progress) for job in jobs]
                try:
                    concurrent.futures.wait(futures, return_when=concurrent.futures.FIRST_EXCEPTION)
                    for future in futures:
                        if future.done() and future.exception():
                            raise future.exception()
                except BaseException:
                    process.stop_all()
                    for future in futures:
                        future.cancel()
                    raise
        finally:
            progress.close()
        return [record(job, future.result()) for job, future in zip(jobs, futures)]


def best(tried):
    """Of seed -> figures the ones with the highest Fmax, and beside them the seed and every Fmax that was found."""
    seed = max(tried, key=lambda s: tried[s]["fmax_mhz"] or 0)
    placed = tried[seed]["fmax_mhz"] is not None
    return tried[seed] | {"seed": seed if placed else None, "fmax_tried": {s: f["fmax_mhz"] for s, f in tried.items()} if placed else None}


def record(job, figures):
    """One object of the JSON output."""
    macs = job.macs
    p = dict(job.parameters)
    return {"target": job.target, "block": job.block, "lut": figures["lut"], "ff": figures["ff"], "ram": figures["ram"],
            "dsp": figures["dsp"], "cells": figures["cells"], "device": figures.get("device"), "fmax_mhz": figures["fmax_mhz"], "seed": figures["seed"], "fmax_tried": figures["fmax_tried"], "macs_per_cycle": macs,
            "cells_per_mac": round(figures["cells"] / macs, 3) if macs else None, "ratio_to_plain": None, "ratio_to_array": None,
            "shape": f"{p['K']}x{p['M']}" if macs else None}


def add_ratios(records, config=None):
    """Fill ratio_to_plain where the same run measured the same block with plain 1-bit weights, ratio_to_array of an engine where it measured
    the array; without `config` that has a shape of its own."""
    cells = {(r["target"], r["block"]): r["cells"] for r in records}
    for r in records:
        plain = cells.get((r["target"], r["block"].partition(":")[0] + ":plain"))
        if plain and r["block"].partition(":")[2] in ("", "fixed"):
            r["ratio_to_plain"] = round(r["cells"] / plain, 4)
        array = cells.get((r["target"], "array"))
        if config and array and r["block"] == "engine":
            r["ratio_to_array"] = round(r["cells"] / array, 4)
    return records

