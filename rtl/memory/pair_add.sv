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
    parameter int unsigned OffsetWidth = $clog2(K)
) (
    /// First pair, {word, offset}; offset < K.
    input  logic [WordWidth+OffsetWidth-1:0] a_i,
    /// Second pair, {word, offset}; offset < K.
    input  logic [WordWidth+OffsetWidth-1:0] b_i,
    /// Sum, {word, offset}.
    output logic [WordWidth+OffsetWidth-1:0] sum_o
);

  if (OffsetWidth != $clog2(K)) begin : gen_check_offset
    $error("pair_add: OffsetWidth follows from K and must not be set");
  end

  logic [OffsetWidth:0] plain;
  logic [OffsetWidth+1:0] wrapped;
  logic carry;

  // The second adder subtracts K at once, so that both sums run in parallel; its top bit is the borrow.
  assign plain = {1'b0, a_i[OffsetWidth-1:0]} + {1'b0, b_i[OffsetWidth-1:0]};
  assign wrapped = {1'b0, plain} - (OffsetWidth + 2)'(K);
  assign carry = !wrapped[OffsetWidth+1];
  assign sum_o = {
    a_i[OffsetWidth+:WordWidth] + b_i[OffsetWidth+:WordWidth] + WordWidth'(carry),
    carry ? wrapped[OffsetWidth-1:0] : plain[OffsetWidth-1:0]
  };

  logic unused_borrow;
  assign unused_borrow = ^{plain[OffsetWidth], wrapped[OffsetWidth]};

endmodule
