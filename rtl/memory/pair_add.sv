// SPDX-License-Identifier: Apache-2.0

/// Sum of two pairs, combinational.
///
///   offset = (a.offset + b.offset) mod K;  word = a.word + b.word + (a.offset + b.offset >= K), modulo 2^WordWidth
module pair_add #(
    /// Bytes of a word, 10..250.
    parameter int unsigned K           = 50,
    /// Bits of a word number.
    parameter int unsigned WordWidth   = 12,
    /// Bits of an offset, clog2(K).
    parameter int unsigned OffsetWidth = $clog2(K),
    /// The offset of the second pair comes with 2^OffsetWidth - K added: for a pair that is steady or waits in a register.
    parameter bit          Reduced     = 1'b0
) (
    /// First pair, {word, offset}; offset < K.
    input  logic [WordWidth+OffsetWidth-1:0] a_i,
    /// Second pair, {word, offset}; offset < K before what `Reduced` adds.
    input  logic [WordWidth+OffsetWidth-1:0] b_i,
    /// Sum, {word, offset}.
    output logic [WordWidth+OffsetWidth-1:0] sum_o
);

  if (OffsetWidth != $clog2(K)) begin : gen_check_offset
    $error("pair_add: OffsetWidth follows from K and must not be set");
  end

  // Small constants are added in LUTs: a carry chain would be slower and no smaller.
  function automatic logic [OffsetWidth-1:0] plus(input logic [OffsetWidth-1:0] value, input logic [OffsetWidth-1:0] constant);
    logic carry_in;
    carry_in = 1'b0;
    for (int unsigned i = 0; i < OffsetWidth; i++) begin
      plus[i]  = value[i] ^ constant[i] ^ carry_in;
      carry_in = constant[i] ? value[i] || carry_in : value[i] && carry_in;
    end
  endfunction

  localparam logic [OffsetWidth-1:0] Missing = OffsetWidth'(2 ** OffsetWidth - K);

  // With 2^OffsetWidth - K added to the second offset, the carry of a single chain says whether K is reached; if it is not, the offset
  // gets K back. The carry is seen in the lowest bit of the word.
  logic [WordWidth-1:0] word;
  logic [OffsetWidth-1:0] offset, reduced;
  logic below;
  assign reduced = Reduced ? b_i[OffsetWidth-1:0] : plus(b_i[OffsetWidth-1:0], Missing);
  assign {word, offset} = a_i + {b_i[OffsetWidth+:WordWidth], reduced};
  assign below = !(word[0] ^ a_i[OffsetWidth] ^ b_i[OffsetWidth]);
  assign sum_o = {word, below ? plus(offset, OffsetWidth'(K)) : offset};

endmodule
