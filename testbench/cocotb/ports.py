# SPDX-License-Identifier: Apache-2.0
"""The ports of engine_top, each found by its name.

Verilator 5.006 keeps every port of the top twice and lists only the inner copy, which the design overwrites with the port in the next evaluation.
cocotb's bus classes take their signals from such a list: what they drive would not last. A look-up by name finds the port itself.
"""

AXI4_LITE = ("awaddr awprot awvalid awready wdata wstrb wvalid wready bresp bvalid bready "
             "araddr arprot arvalid arready rdata rresp rvalid rready").split()
AXI4 = ("awid awaddr awlen awsize awburst awvalid awready wdata wstrb wlast wvalid wready bid bresp bvalid bready "
        "arid araddr arlen arsize arburst arvalid arready rid rdata rresp rlast rvalid rready").split()


class Ports:
    """What a bus class needs of an entity: signals as attributes, a name, a log."""

    def __init__(self, dut, prefix, names):
        self._name, self._log = dut._name, dut._log
        for name in names:
            setattr(self, f"{prefix}_{name}", getattr(dut, f"{prefix}_{name}"))
