// SPDX-License-Identifier: Apache-2.0

/// Rotates a vector of bytes right by the bits First..Last of an amount, combinational: one multiplexer level a bit.
///
///   out[i] = in[(i + s) mod Bytes],  s = sum over b in First..Last of amount[b] * 2^b
module byte_rotate #(
    /// Bytes of the vector.
    parameter int unsigned Bytes = 20,
    /// Lowest bit of the amount that this stage applies.
    parameter int unsigned First = 0,
    /// Highest bit of the amount that this stage applies.
    parameter int unsigned Last  = 4
) (
    /// Vector, byte i at [8*i +: 8].
    input  logic [ 8*Bytes-1:0] data_i,
    /// The bits First..Last of the amount, bit First at position 0; amount < Bytes.
    input  logic [Last-First:0] amount_i,
    /// Rotated vector.
    output logic [ 8*Bytes-1:0] data_o
);

  if (Last < First || 2 ** Last >= Bytes) begin : gen_check
    $error("byte_rotate: First..Last must be bits of an amount below Bytes");
  end

  for (genvar b = First; b <= Last; b++) begin : gen_level
    localparam int unsigned Cut = 8 * 2 ** b;
    logic [8*Bytes-1:0] straight, turned;
    if (b == First) begin : gen_first
      assign straight = data_i;
    end else begin : gen_next
      assign straight = gen_level[b-1].turned;
    end
    assign turned = amount_i[b-First] ? {straight[Cut-1:0], straight[8*Bytes-1:Cut]} : straight;
  end
  assign data_o = gen_level[Last].turned;

endmodule
