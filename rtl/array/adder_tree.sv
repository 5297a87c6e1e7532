// SPDX-License-Identifier: Apache-2.0

/// Sum of unsigned operands, two at a time, a register after every level; every node is just wide enough for its greatest sum.
///
///   sum_o = sum_i operand_i[i], `Levels` = ceil(log2(Count)) cycles later
module adder_tree #(
    /// Operands, >= 1.
    parameter int unsigned Count = 4,
    /// Bits of an operand, >= 1.
    parameter int unsigned Width = 8,
    /// Greatest operand, < 2^Width.
    parameter int unsigned Greatest = 2 ** Width - 1,
    /// Bits of the sum: those of Count * Greatest.
    parameter int unsigned SumWidth = $clog2(Count * Greatest + 1)
) (
    /// Clock.
    input  logic                   clk_i,
    /// Operands, flat.
    input  logic [Count*Width-1:0] operand_i,
    /// Sum.
    output logic [   SumWidth-1:0] sum_o
);

  localparam int unsigned Levels = Count <= 1 ? 0 : $clog2(Count);

  if (Count < 1) begin : gen_check_count
    $error("adder_tree: Count must be at least 1");
  end
  if (SumWidth != $clog2(Count * Greatest + 1)) begin : gen_check_width
    $error("adder_tree: SumWidth must hold Count * Greatest exactly");
  end

  // Node n of level l covers operands n*2^l .. min((n+1)*2^l, Count) - 1.
  for (genvar l = 0; l <= Levels; l++) begin : gen_level
    for (genvar n = 0; n < (Count + 2 ** l - 1) / 2 ** l; n++) begin : gen_node
      localparam int unsigned Covers = (n + 1) * 2 ** l > Count ? Count - n * 2 ** l : 2 ** l;
      localparam int unsigned Bits = l == 0 ? Width : $clog2(Covers * Greatest + 1);
      logic [Bits-1:0] sum;
      if (l == 0) begin : gen_operand
        assign sum = operand_i[n*Width+:Width];
      end else if (Covers > 2 ** (l - 1)) begin : gen_add
        always_ff @(posedge clk_i) sum <= Bits'(gen_level[l-1].gen_node[2*n].sum) + Bits'(gen_level[l-1].gen_node[2*n+1].sum);
      end else begin : gen_pass
        always_ff @(posedge clk_i) sum <= gen_level[l-1].gen_node[2*n].sum;
      end
    end
  end

  assign sum_o = SumWidth'(gen_level[Levels].gen_node[0].sum);

endmodule
