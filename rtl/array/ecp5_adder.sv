// SPDX-License-Identifier: Apache-2.0

/// One ECP5 carry chain with a LUT4 function in front of every bit, in the same cells.
///
///   Signs = 0:  sum = a + (c ? b : d) + CarryIn          bit by bit: c selects
///   Signs = 1:  sum = (a ^ b) + (c ^ d) + CarryIn
///
/// Bit 0 of the chain starts the carry from a table, so nextpnr leads no carry in; nothing is connected to the last carry, so it leads none out.
module ecp5_adder #(
    /// Bits of an operand.
    parameter int unsigned Width = 9,
    /// Bits of the sum: Width, or Width + 1 with the carry-out.
    parameter int unsigned SumWidth = Width + 1,
    /// 0 select, 1 signs.
    parameter int unsigned Signs = 0,
    /// Added to the sum.
    parameter bit CarryIn = 1'b0
) (
    /// Operand.
    input  logic [   Width-1:0] a_i,
    /// See above.
    input  logic [   Width-1:0] b_i,
    /// See above.
    input  logic [   Width-1:0] c_i,
    /// See above.
    input  logic [   Width-1:0] d_i,
    /// Sum.
    output logic [SumWidth-1:0] sum_o
);

  if (SumWidth != Width && SumWidth != Width + 1) begin : gen_check_width
    $error("ecp5_adder: SumWidth must be Width or Width + 1");
  end

  // Places of the chain: 0 the carry-in, 1..Width the bits, then the carry-out, then nothing.
  localparam int unsigned Cells = (SumWidth + 2) / 2;
  localparam int unsigned Places = 2 * Cells;
  localparam logic [15:0] Table = Signs != 0 ? 16'h6996 : 16'h656A;

  logic [Places-1:0] a, b, c, d, sum;
  logic [Cells:0] carry;
  assign a = Places'({a_i, 1'b0});
  assign b = Places'({b_i, 1'b0});
  assign c = Places'({c_i, 1'b0});
  assign d = Places'({d_i, 1'b0});
  assign carry[0] = 1'b0;
  assign sum_o = sum[SumWidth:1];

  // The ends of the chain are left open on purpose: nextpnr would lead a connected carry in or out through a cell.
  // verilator lint_off PINCONNECTEMPTY
  for (genvar n = 0; n < Cells; n++) begin : gen_cell
    localparam logic [15:0] First = n == 0 ? {12'h000, {4{CarryIn}}} : 2 * n <= Width ? Table : 16'h0000;
    localparam logic [15:0] Second = 2 * n + 1 <= Width ? Table : 16'h0000;
    if (n == 0) begin : gen_first
      // The table of the carry-in place is 0 at c = d = 1 and CarryIn at c = d = 0.
      CCU2C #(
          .INIT0(First),
          .INIT1(Second),
          .INJECT1_0("NO"),
          .INJECT1_1("NO")
      ) i_cell (
          .CIN (),
          .A0  (1'b0),
          .B0  (1'b0),
          .C0  (1'b1),
          .D0  (1'b1),
          .A1  (a[1]),
          .B1  (b[1]),
          .C1  (c[1]),
          .D1  (d[1]),
          .S0  (),
          .S1  (sum[1]),
          .COUT(carry[1])
      );
      assign sum[0] = 1'b0;
    end else if (n == Cells - 1) begin : gen_last
      CCU2C #(
          .INIT0(First),
          .INIT1(Second),
          .INJECT1_0("NO"),
          .INJECT1_1("NO")
      ) i_cell (
          .CIN (carry[n]),
          .A0  (a[2*n]),
          .B0  (b[2*n]),
          .C0  (c[2*n]),
          .D0  (d[2*n]),
          .A1  (a[2*n+1]),
          .B1  (b[2*n+1]),
          .C1  (c[2*n+1]),
          .D1  (d[2*n+1]),
          .S0  (sum[2*n]),
          .S1  (sum[2*n+1]),
          .COUT()
      );
      assign carry[n+1] = 1'b0;
    end else begin : gen_middle
      CCU2C #(
          .INIT0(First),
          .INIT1(Second),
          .INJECT1_0("NO"),
          .INJECT1_1("NO")
      ) i_cell (
          .CIN (carry[n]),
          .A0  (a[2*n]),
          .B0  (b[2*n]),
          .C0  (c[2*n]),
          .D0  (d[2*n]),
          .A1  (a[2*n+1]),
          .B1  (b[2*n+1]),
          .C1  (c[2*n+1]),
          .D1  (d[2*n+1]),
          .S0  (sum[2*n]),
          .S1  (sum[2*n+1]),
          .COUT(carry[n+1])
      );
    end
  end

  // verilator lint_on PINCONNECTEMPTY

  logic unused;
  assign unused = &{1'b0, a[0], b[0], c[0], d[0], sum, carry[0], carry[Cells]};

endmodule
