// SPDX-License-Identifier: Apache-2.0

/// Delays a vector by a fixed number of cycles; reset clears it.
module delay_line #(
    /// Bits of the vector.
    parameter int unsigned Width  = 1,
    /// Cycles, >= 1.
    parameter int unsigned Cycles = 4
) (
    /// Clock.
    input  logic             clk_i,
    /// Synchronous reset, active low.
    input  logic             rst_ni,
    /// Vector.
    input  logic [Width-1:0] data_i,
    /// The same, `Cycles` cycles later.
    output logic [Width-1:0] data_o
);

  if (Width < 1 || Cycles < 1) begin : gen_check
    $error("delay_line: Width and Cycles must be at least 1");
  end

  logic [Width*Cycles-1:0] line_q;

  if (Cycles == 1) begin : gen_one
    always_ff @(posedge clk_i) line_q <= rst_ni ? data_i : '0;
  end else begin : gen_many
    always_ff @(posedge clk_i) line_q <= rst_ni ? {line_q[Width*(Cycles-1)-1:0], data_i} : '0;
  end
  assign data_o = line_q[Width*Cycles-1-:Width];

endmodule
