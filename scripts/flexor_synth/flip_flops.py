# SPDX-License-Identifier: Apache-2.0
"""iCE40: flip-flops as the mapper has to see them. A LUT shares the cell of the flip-flop that it feeds, but an enable or a reset comes over one more wire."""
_CLOCK_TO_Q = 1391  # ps, UP5K


def models(wire_ps):
    """Verilog black boxes of every flip-flop with a rising clock, `wire_ps` set up in front of enable, set and reset."""
    text = []
    for enable in ("", "E"):
        for reset in ("", "SR", "SS", "R", "S"):
            late = [pin for pin in (enable, reset[-1:]) if pin]
            ports = ["output Q", "input C", *(f"input {pin}" for pin in late), "input D"]
            rules = ["$setup(D, posedge C, 0);", *(f"$setup({pin}, posedge C, {wire_ps});" for pin in late),
                     f"(posedge C => (Q : D)) = {_CLOCK_TO_Q};"]
            text.append(f"module SB_DFF{enable}{reset}({', '.join(ports)});\nspecify\n" + "\n".join(rules) + "\nendspecify\nendmodule\n")
    return "".join(text)
