# SPDX-License-Identifier: Apache-2.0
"""A client of the engine made of cocotbext-axi's master and memory: from reset to logits as docs/programming.md says."""
import json
import os
import pathlib
import random
import struct

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam
from ports import AXI4, AXI4_LITE, Ports

FOLDER = pathlib.Path(os.environ["FLEXOR_CASE"])
MAP = json.loads((FOLDER / "registers.json").read_text())  # rtl/registers.rdl, by run_client.py
BEAT = 8
ENTRY_BYTES = 32
PERIOD_NS = 10


class JobFailed(AssertionError):
    """STATUS says that the job did not end well."""

    def __init__(self, code, address):
        super().__init__(f"the job ended with error code {code} at 0x{address:x}")
        self.code, self.address = code, address


def bits(register, **values):
    """Value of a register whose fields have these values, and 0 elsewhere."""
    return sum(value << MAP[register]["fields"][name]["low"] for name, value in values.items())


def field(register, name, value):
    """A field of a register's value."""
    place = MAP[register]["fields"][name]
    return value >> place["low"] & (1 << place["width"]) - 1


class Differs(AssertionError):
    """Logits that are not the golden model's."""


def pauses(seed, probability):
    """Random pauses of one channel."""
    generator = random.Random(seed)
    while True:
        yield generator.random() < probability


class Entry:
    """An entry of a transfer list in external memory (docs/blocks/dma_engine.md)."""

    ACTIVATION, STORE = 4, 5

    def __init__(self, memory, at):
        self.memory, self.at = memory, at
        self.words = list(struct.unpack("<8I", memory.read(at, ENTRY_BYTES)))
        self.kind, self.last, self.address = self.words[0] & 7, bool(self.words[0] & 32), self.words[1]
        self.size = (self.words[6] & 0xFFFFFF) * BEAT

    def sign(self):
        """Write the sums of the data that the entry moves, and its fold."""
        data = struct.unpack(f"<{self.size // 4}I", self.memory.read(self.address, self.size))
        sum1 = sum2 = 0
        for at in range(0, len(data), BEAT // 4):
            sum2 += sum1
            sum1 += sum(data[at:at + BEAT // 4])
        words = self.words
        words[4], words[5], words[7] = sum1 % 2**32, sum2 % 2**32, words[7] & 0xFFFF
        fold = 0xA5C3
        for word in words:
            fold ^= (word ^ word >> 16) & 0xFFFF
        words[7] |= fold << 16
        self.memory.write(self.at, struct.pack("<8I", *words))


class Client:
    """Software on the far side of the bus: it knows registers and external memory only."""

    def __init__(self, dut, stall, seed):
        """`stall`: probability of a pause in each cycle, on each of the ten channels."""
        self.dut = dut
        self.clock = Clock(dut.clk, PERIOD_NS, units="ns")
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(Ports(dut, "s_axil", AXI4_LITE), "s_axil"), dut.clk, dut.rst_n,
                                  reset_active_level=False)
        self.memory = AxiRam(AxiBus.from_prefix(Ports(dut, "m_axi", AXI4), "m_axi"), dut.clk, dut.rst_n, reset_active_level=False,
                             size=2**24)
        channels = [getattr(side.write_if, f"{name}_channel") for side in (self.host, self.memory) for name in ("aw", "w", "b")]
        channels += [getattr(side.read_if, f"{name}_channel") for side in (self.host, self.memory) for name in ("ar", "r")]
        if stall:
            for i, channel in enumerate(channels):
                channel.set_pause_generator(pauses(seed + i, stall))

    async def reset(self):
        """Start the clock; the models want to see both edges of the reset."""
        self.dut.rst_n.value = 1
        cocotb.start_soon(self.clock.start())
        await ClockCycles(self.dut.clk, 2)
        self.dut.rst_n.value = 0
        await ClockCycles(self.dut.clk, 5)
        self.dut.rst_n.value = 1
        await ClockCycles(self.dut.clk, 2)

    async def write(self, name, value):
        """Write a register."""
        await self.host.write_dword(MAP[name]["address"], value)

    async def read(self, name):
        """Read a register."""
        return await self.host.read_dword(MAP[name]["address"])

    def entries(self, at):
        """Entries of the list at `at`."""
        while True:
            entry = Entry(self.memory, at)
            yield entry
            if entry.last:
                return
            at += ENTRY_BYTES

    async def load(self, case, image):
        """Put the network into external memory and tell the engine where it may go."""
        for name in ("id", "version"):
            assert await self.read(name) == MAP[name]["reset"]
        self.memory.write(0, image)
        await self.write("window_first", 0)
        await self.write("window_last", case["size"] - 1)
        await self.write("timeout", 10000)
        await self.write("descriptor", 0)

    async def run(self, case, job, list_address):
        """Run one job; its logits, or JobFailed."""
        self.memory.write(case["input"], bytes(job["input"]))
        for entry in self.entries(list_address):
            if entry.kind == Entry.ACTIVATION:
                entry.sign()
        await self.write("transfers", list_address)
        await self.write("interrupt", bits("interrupt", enable=1))
        await self.write("control", bits("control", start=1, transfers=1))
        if not self.dut.irq.value:
            await with_timeout(RisingEdge(self.dut.irq), case["cycle_limit"] * PERIOD_NS, "ns")
        status = await self.read("status")
        await self.write("interrupt", bits("interrupt", enable=1, pending=1))
        assert not self.dut.irq.value
        assert field("status", "done", status) and not field("status", "busy", status), f"STATUS is 0x{status:x}"
        if error := field("status", "error", status):
            raise JobFailed(error, await self.read("error_address"))
        count = len(job["logits"])
        return list(struct.unpack(f"<{count}h", self.memory.read(case["output"], 2 * count)))

    async def expect_logits(self, case, job, list_address):
        """Run one job; Differs unless every logit is the golden model's."""
        found = await self.run(case, job, list_address)
        if found != job["logits"]:
            raise Differs(f"logits {found}, expected {job['logits']}")
