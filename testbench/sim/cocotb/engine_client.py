# SPDX-License-Identifier: Apache-2.0
"""A whole network through the stock cocotbext-axi master and memory: docs/architecture.md, "External memory", from reset to logits."""
import json
import os
import pathlib
import random
import struct

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam

REGISTERS = {"id": 0, "version": 1, "control": 3, "status": 4, "descriptor": 5, "interrupt": 10, "transfers": 12, "window_first": 13,
             "window_last": 14, "timeout": 15, "bytes_written": 18}
BEAT = 8


def pauses(seed, probability):
    generator = random.Random(seed)
    while True:
        yield generator.random() < probability


def sign(memory, entry):
    """Write the sums of the data that the entry moves, and its fold."""
    words = list(struct.unpack("<8I", memory.read(entry, 32)))
    data = struct.unpack(f"<{words[6] * BEAT // 4}I", memory.read(words[1], words[6] * BEAT))
    first = second = 0
    for at in range(0, len(data), BEAT // 4):
        second += first
        first += sum(data[at:at + BEAT // 4])
    words[4], words[5], words[7] = first % 2**32, second % 2**32, words[7] & 0xFFFF
    fold = 0xA5C3
    for word in words:
        fold ^= (word ^ word >> 16) & 0xFFFF
    words[7] |= fold << 16
    memory.write(entry, struct.pack("<8I", *words))


def inputs(memory, entry):
    """Addresses of the entries of a list that load activations."""
    while True:
        flags = struct.unpack("<I", memory.read(entry, 4))[0]
        if flags & 7 == 4:
            yield entry
        if flags & 32:
            return
        entry += 32


class Client:
    def __init__(self, dut, stall):
        self.dut = dut
        cocotb.start_soon(Clock(dut.clk, 10, units="ns").start())
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.clk, dut.rst_n, reset_active_level=False)
        self.memory = AxiRam(AxiBus.from_prefix(dut, "m_axi"), dut.clk, dut.rst_n, reset_active_level=False, size=2**20)
        if stall:
            for i, channel in enumerate((self.memory.write_if.aw_channel, self.memory.write_if.w_channel, self.memory.write_if.b_channel,
                                         self.memory.read_if.ar_channel, self.memory.read_if.r_channel)):
                channel.set_pause_generator(pauses(i, stall))

    async def reset(self):
        self.dut.rst_n.value = 0
        await ClockCycles(self.dut.clk, 5)
        self.dut.rst_n.value = 1
        await ClockCycles(self.dut.clk, 5)

    async def write(self, name, value):
        await self.host.write_dword(8 * REGISTERS[name], value)

    async def read(self, name):
        return await self.host.read_dword(8 * REGISTERS[name])

    async def run(self, case, job, list_address):
        self.memory.write(case["input"], bytes(job["input"]))
        for entry in inputs(self.memory, list_address):
            sign(self.memory, entry)
        await self.write("transfers", list_address)
        await self.write("interrupt", 3)
        await self.write("control", 5)
        await with_timeout(RisingEdge(self.dut.irq), 20, "ms")
        status = await self.read("status")
        await self.write("interrupt", 2)
        assert status == 2, f"STATUS is 0x{status:x}"
        size = 2 * len(job["logits"])
        return list(struct.unpack(f"<{len(job['logits'])}h", self.memory.read(case["output"], size)))


async def whole_network(dut, stall):
    folder = pathlib.Path(os.environ["FLEXOR_CASE"])
    case = json.loads((folder / "case.json").read_text())
    client = Client(dut, stall)
    await client.reset()
    assert await client.read("id") == 0x464C5852
    assert await client.read("version") == 3
    client.memory.write(0, (folder / "memory.bin").read_bytes())
    await client.write("window_first", 0)
    await client.write("window_last", case["size"] - 1)
    await client.write("timeout", 10000)
    await client.write("descriptor", 0)
    for i, job in enumerate(case["jobs"]):
        found = await client.run(case, job, case["first_list"] if i == 0 else case["next_list"])
        assert found == job["logits"], f"job {i}: logits {found}, expected {job['logits']}"
        dut._log.info("job %d of %s: %d logits are equal", i, case["network"], len(found))
    job = case["jobs"][0]
    client.memory.write(case["input"], bytes(job["input"]))
    wrong = list(job["logits"])
    wrong[0] ^= 1
    assert await client.run(case, job, case["next_list"]) != wrong, "the comparison cannot fail"


@cocotb.test()
async def runs_a_whole_network(dut):
    await whole_network(dut, 0)


@cocotb.test()
async def runs_it_with_pauses_on_every_channel(dut):
    await whole_network(dut, 0.4)
