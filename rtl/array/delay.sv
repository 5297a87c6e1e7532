// SPDX-License-Identifier: Apache-2.0

/// A word some cycles later; no reset, no register when Cycles = 0.
module delay #(
    /// Bits.
    parameter int unsigned Width  = 1,
    /// Cycles.
    parameter int unsigned Cycles = 1
) (
    /// Clock.
    input  logic             clk_i,
    /// Word.
    input  logic [Width-1:0] data_i,
    /// The word of `Cycles` cycles ago.
    output logic [Width-1:0] data_o
);

  for (genvar i = 0; i <= Cycles; i++) begin : gen_stage
    logic [Width-1:0] data;
    if (i == 0) begin : gen_input
      assign data = data_i;
    end else begin : gen_register
      always_ff @(posedge clk_i) data <= gen_stage[i-1].data;
    end
  end
  logic unused;
  assign unused = clk_i;
  assign data_o = gen_stage[Cycles].data;

endmodule
