// SPDX-License-Identifier: Apache-2.0

/// Sum of operands, two at a time, a register after every level; every node is just wide enough for its greatest sum.
///
///   sum_o = sum_i operand_i[i], ceil(log2(Count)) cycles later
///
/// `zero_i` is 0. iCE40 wants one that no tool can see through: the carry-out of a node is then a LUT of the chain, not a net that leaves it,
/// which would cost two cells.
module adder_tree #(
    /// Operands, >= 1.
    parameter int unsigned Count = 4,
    /// Bits of an operand, >= 1.
    parameter int unsigned Width = 8,
    /// Greatest operand, < 2^Width; unsigned only.
    parameter int unsigned Greatest = 2 ** Width - 1,
    /// 1: operands are two's complement.
    parameter int unsigned Signed = 0,
    /// Bits of the sum; follows from the others.
    parameter int unsigned SumWidth = Signed != 0 ? Width + (Count <= 1 ? 0 : $clog2(Count)) : $clog2(Count * Greatest + 1)
) (
    /// Clock.
    input  logic                   clk_i,
    /// Constant 0.
    input  logic                   zero_i,
    /// Operands, flat.
    input  logic [Count*Width-1:0] operand_i,
    /// Sum.
    output logic [   SumWidth-1:0] sum_o
);

  localparam int unsigned Levels = Count <= 1 ? 0 : $clog2(Count);

  if (Count < 1) begin : gen_check_count
    $error("adder_tree: Count must be at least 1");
  end
  if (SumWidth != (Signed != 0 ? Width + Levels : $clog2(Count * Greatest + 1))) begin : gen_check_width
    $error("adder_tree: SumWidth follows from the other parameters and must not be set");
  end

  // Node n of level l covers operands n*2^l .. min((n+1)*2^l, Count) - 1.
  for (genvar l = 0; l <= Levels; l++) begin : gen_level
    for (genvar n = 0; n < (Count + 2 ** l - 1) / 2 ** l; n++) begin : gen_node
      localparam int unsigned Covers = (n + 1) * 2 ** l > Count ? Count - n * 2 ** l : 2 ** l;
      localparam int unsigned Bits = Signed != 0 ? Width + l : l == 0 ? Width : $clog2(Covers * Greatest + 1);
      logic [Bits-1:0] sum;
      if (l == 0) begin : gen_operand
        assign sum = operand_i[n*Width+:Width];
      end else begin : gen_add
        localparam bit Pair = Covers > 2 ** (l - 1);
        logic [Bits-1:0] left, right;
        if (Signed != 0) begin : gen_signed
          assign left = {gen_level[l-1].gen_node[2*n].sum[Bits-2], gen_level[l-1].gen_node[2*n].sum};
          if (Pair) assign right = {gen_level[l-1].gen_node[2*n+1].sum[Bits-2], gen_level[l-1].gen_node[2*n+1].sum};
        end else begin : gen_unsigned
          assign left = Bits'({zero_i, gen_level[l-1].gen_node[2*n].sum});
          if (Pair) assign right = Bits'(gen_level[l-1].gen_node[2*n+1].sum);
        end
        if (!Pair) assign right = '0;
        always_ff @(posedge clk_i) sum <= left + right;
      end
    end
  end

  if (Signed != 0) begin : gen_signed_sum
    logic unused;
    assign unused = zero_i;
  end
  assign sum_o = gen_level[Levels].gen_node[0].sum;

endmodule
