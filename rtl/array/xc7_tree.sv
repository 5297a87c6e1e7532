// SPDX-License-Identifier: Apache-2.0

/// Adds unsigned operands three at a time, a register after every level, until at most two are left.
module xc7_tree #(
    /// Operands, >= 1.
    parameter int unsigned Count = 10,
    /// Bits of an operand.
    parameter int unsigned Width = 10,
    /// Greatest operand.
    parameter int unsigned Greatest = 1021,
    /// Levels: pe_array_pkg::ternary_levels(Count).
    parameter int unsigned Levels = 2,
    /// Bits of a sum: those of Greatest * 3^Levels.
    parameter int unsigned SumWidth = Levels == 0 ? Width : $clog2(Greatest * 3 ** Levels + 1)
) (
    /// Clock.
    input  logic                   clk_i,
    /// Operands, flat.
    input  logic [Count*Width-1:0] operand_i,
    /// First sum.
    output logic [   SumWidth-1:0] first_o,
    /// Second sum, 0 when there is one only.
    output logic [   SumWidth-1:0] second_o
);

  if (Levels != pe_array_pkg::ternary_levels(Count)) begin : gen_check_levels
    $error("xc7_tree: Levels follows from Count");
  end

  for (genvar l = 0; l <= Levels; l++) begin : gen_level
    localparam int unsigned Bits = l == 0 ? Width : $clog2(Greatest * 3 ** l + 1);
    localparam int unsigned Below = (Count + 3 ** l / 3 - 1) / (l == 0 ? 1 : 3 ** l / 3);
    localparam int unsigned BelowBits = l <= 1 ? Width : $clog2(Greatest * 3 ** l / 3 + 1);
    for (genvar n = 0; n < (Count + 3 ** l - 1) / 3 ** l; n++) begin : gen_node
      logic [Bits-1:0] value;
      if (l == 0) begin : gen_operand
        assign value = operand_i[n*Width+:Width];
      end else if (3 * n + 2 < Below) begin : gen_three
        logic [Bits-1:0] result;
        xc7_ternary_adder #(
            .Width(BelowBits),
            .SumWidth(Bits)
        ) i_add (
            .a_i  (gen_level[l-1].gen_node[3*n].value),
            .b_i  (gen_level[l-1].gen_node[3*n+1].value),
            .c_i  (gen_level[l-1].gen_node[3*n+2].value),
            .sum_o(result)
        );
        always_ff @(posedge clk_i) value <= result;
      end else if (3 * n + 1 < Below) begin : gen_two
        always_ff @(posedge clk_i) value <= Bits'(gen_level[l-1].gen_node[3*n].value) + Bits'(gen_level[l-1].gen_node[3*n+1].value);
      end else begin : gen_one
        always_ff @(posedge clk_i) value <= Bits'(gen_level[l-1].gen_node[3*n].value);
      end
    end
  end

  assign first_o = gen_level[Levels].gen_node[0].value;
  if ((Count + 3 ** Levels - 1) / 3 ** Levels == 2) begin : gen_second
    assign second_o = gen_level[Levels].gen_node[1].value;
  end else begin : gen_no_second
    assign second_o = '0;
  end

endmodule
