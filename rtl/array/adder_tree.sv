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
    /// Levels that the last operand skips: it is that many cycles late and joins when it is first added.
    parameter int unsigned Late = 0,
    /// 1: additions are ECP5 carry chains (ecp5_adder); unsigned only.
    parameter int unsigned Ecp5 = 0,
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
      logic [Bits-1:0] value;
      if (l == 0) begin : gen_operand
        assign value = operand_i[n*Width+:Width];
      end else if (Covers <= 2 ** (l - 1)) begin : gen_pass
        if (Covers == 1 && l <= Late) begin : gen_late
          assign value = gen_level[l-1].gen_node[2*n].value;
        end else if (Signed != 0) begin : gen_signed
          always_ff @(posedge clk_i) value <= {gen_level[l-1].gen_node[2*n].value[Bits-2], gen_level[l-1].gen_node[2*n].value};
        end else begin : gen_unsigned
          always_ff @(posedge clk_i) value <= gen_level[l-1].gen_node[2*n].value;
        end
      end else if (Ecp5 != 0) begin : gen_ecp5
        // The left node is the wider one.
        localparam int unsigned Wide = l == 1 ? Width : $clog2(2 ** (l - 1) * Greatest + 1);
        logic [Bits-1:0] result;
        ecp5_adder #(
            .Width(Wide),
            .SumWidth(Bits)
        ) i_add (
            .a_i  (gen_level[l-1].gen_node[2*n].value),
            .b_i  (Wide'(gen_level[l-1].gen_node[2*n+1].value)),
            .c_i  ('1),
            .d_i  ('0),
            .sum_o(result)
        );
        always_ff @(posedge clk_i) value <= result;
      end else begin : gen_add
        logic [Bits-1:0] left, right;
        if (Signed != 0) begin : gen_signed
          assign left = {gen_level[l-1].gen_node[2*n].value[Bits-2], gen_level[l-1].gen_node[2*n].value};
          assign right = {gen_level[l-1].gen_node[2*n+1].value[Bits-2], gen_level[l-1].gen_node[2*n+1].value};
        end else begin : gen_unsigned
          assign left = Bits'({zero_i, gen_level[l-1].gen_node[2*n].value});
          assign right = Bits'(gen_level[l-1].gen_node[2*n+1].value);
        end
        always_ff @(posedge clk_i) value <= left + right;
      end
    end
  end

  logic unused;
  assign unused = zero_i;
  assign sum_o = gen_level[Levels].gen_node[0].value;

endmodule
