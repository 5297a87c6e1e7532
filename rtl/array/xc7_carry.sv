// SPDX-License-Identifier: Apache-2.0

/// A Xilinx 7 carry chain of any length: sum[i] = propagate[i] ^ carry[i], carry[i+1] = propagate[i] ? carry[i] : generate[i].
module xc7_carry #(
    /// Bits.
    parameter int unsigned Width = 10
) (
    /// Carry into bit 0.
    input  logic             carry_i,
    /// Propagate.
    input  logic [Width-1:0] propagate_i,
    /// Carry-out of a bit that does not propagate.
    input  logic [Width-1:0] generate_i,
    /// Sum.
    output logic [Width-1:0] sum_o
);

  localparam int unsigned Cells = (Width + 3) / 4;
  logic [4*Cells-1:0] propagate, gen, sum, carry;
  assign propagate = (4 * Cells)'(propagate_i);
  assign gen = (4 * Cells)'(generate_i);
  assign sum_o = sum[Width-1:0];

  for (genvar n = 0; n < Cells; n++) begin : gen_cell
    if (n == 0) begin : gen_first
      CARRY4 i_cell (
          .CI(1'b0),
          .CYINIT(carry_i),
          .DI(gen[3:0]),
          .S(propagate[3:0]),
          .O(sum[3:0]),
          .CO(carry[3:0])
      );
    end else begin : gen_next
      CARRY4 i_cell (
          .CI(carry[4*n-1]),
          .CYINIT(1'b0),
          .DI(gen[4*n+:4]),
          .S(propagate[4*n+:4]),
          .O(sum[4*n+:4]),
          .CO(carry[4*n+:4])
      );
    end
  end

  logic unused;
  assign unused = &{1'b0, carry, sum};

endmodule
