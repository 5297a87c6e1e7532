# SPDX-License-Identifier: Apache-2.0
"""One whole network on the engine behind cocotbext-axi's master and memory; run_client.py builds and starts it."""
import json
import os
import random

import cocotb
from client import FOLDER, MAP, Client, Differs, Entry, JobFailed
from cocotbext.axi import AxiResp

SEED = int(os.environ["FLEXOR_SEED"])
CASE = json.loads((FOLDER / "case.json").read_text())
IMAGE = (FOLDER / "memory.bin").read_bytes()


async def loaded_client(dut, stall):
    """An engine after reset whose external memory holds the network."""
    client = Client(dut, stall, SEED)
    await client.reset()
    await client.load(CASE, IMAGE)
    return client


async def run_network(client):
    """Every job: the first one loads the network, the others find it."""
    for i, job in enumerate(CASE["jobs"]):
        await client.expect_logits(CASE, job, CASE["first_list"] if i == 0 else CASE["next_list"])
        client.dut._log.info("job %d of %s: %d logits are equal", i, CASE["network"], len(job["logits"]))


@cocotb.test()
async def registers_are_those_of_the_map(dut):
    """After reset every register reads what registers.rdl says; a read-only one refuses writes; what lies behind the last one does not exist."""
    client = Client(dut, 0, SEED)
    await client.reset()
    for name, register in MAP.items():
        if register["reset"] is not None:
            found = await client.read(name)
            assert found == register["reset"], f"{name} reads 0x{found:x} after reset, not 0x{register['reset']:x}"
        if register["access"] == "R":
            answer = await client.host.write(register["address"], bytes(4))
            assert answer.resp == AxiResp.SLVERR, f"{name} takes a write"
    behind = max(register["address"] for register in MAP.values()) + 8
    assert (await client.host.read(behind, 4)).resp == AxiResp.SLVERR
    dut._log.info("%d registers", len(MAP))


@cocotb.test()
async def a_whole_network(dut):
    """No pauses."""
    await run_network(await loaded_client(dut, 0))


@cocotb.test()
async def a_whole_network_with_pauses_on_every_channel(dut):
    """Pauses of the stock classes' own generators."""
    for_seed = random.Random(SEED)
    stall = for_seed.choice((0.25, 0.5, 0.75))
    dut._log.info("pauses in %d %% of the cycles", 100 * stall)
    await run_network(await loaded_client(dut, stall))


@cocotb.test()
async def another_input_is_seen(dut):
    """The same comparison when the engine gets the input of another job, whose logits differ by the golden model."""
    first = CASE["jobs"][0]
    other = next(job for job in CASE["jobs"] if job["logits"] != first["logits"])
    job = {**other, "logits": first["logits"]}
    client = await loaded_client(dut, 0)
    try:
        await client.expect_logits(CASE, job, CASE["first_list"])
    except Differs as problem:
        dut._log.info("seen: %s", problem)
        return
    raise AssertionError("the comparison did not see the other input")


@cocotb.test()
async def a_flipped_bit_of_the_network_is_reported(dut):
    """Error code 10 with the transfer's address; when the bit is right again, the network runs without a reset."""
    for_seed = random.Random(SEED)
    client = await loaded_client(dut, 0.25)
    loads = [entry for entry in client.entries(CASE["first_list"]) if entry.kind not in (Entry.ACTIVATION, Entry.STORE)]
    entry = for_seed.choice(loads)
    byte = entry.address + for_seed.randrange(entry.size)
    right = client.memory.read(byte, 1)
    client.memory.write(byte, bytes([right[0] ^ 1 << for_seed.randrange(8)]))
    try:
        await client.run(CASE, CASE["jobs"][0], CASE["first_list"])
    except JobFailed as problem:
        assert (problem.code, problem.address) == (10, entry.address), problem
        dut._log.info("reported: %s", problem)
    else:
        raise AssertionError("the engine did not report the flipped bit")
    client.memory.write(byte, right)
    await run_network(client)
