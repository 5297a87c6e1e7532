// SPDX-License-Identifier: Apache-2.0

/// Rotates a vector of bytes right by the bits First..Last of an amount, combinational: one multiplexer level a bit, or one for two bits.
///
///   out[i] = in[(i + s) mod Bytes],  s = sum over b in First..Last of amount[b] * 2^b
module byte_rotate #(
    /// Bytes of the vector.
    parameter int unsigned Bytes = 20,
    /// Lowest bit of the amount that this stage applies.
    parameter int unsigned First = 0,
    /// Highest bit of the amount that this stage applies.
    parameter int unsigned Last  = 4,
    /// 1: two bits of the amount share a multiplexer of four, a LUT6 of Xilinx 7.
    parameter bit          Xc7   = 1'b0
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

  localparam int unsigned Stride = Xc7 ? 2 : 1;
  localparam int unsigned Steps = (Last - First) / Stride + 1;

  for (genvar s = 0; s < Steps; s++) begin : gen_step
    localparam int unsigned Low = s * Stride;  // the step's first bit of amount_i
    localparam int unsigned Cut = 8 * 2 ** (First + Low);
    logic [8*Bytes-1:0] straight, turned;
    if (s == 0) begin : gen_first
      assign straight = data_i;
    end else begin : gen_next
      assign straight = gen_step[s-1].turned;
    end
    if (Xc7 && First + Low < Last) begin : gen_two
      for (genvar i = 0; i < Bytes; i++) begin : gen_byte
        logic [31:0] choices;
        for (genvar c = 0; c < 4; c++) begin : gen_choice
          assign choices[8*c+:8] = straight[8*((i+c*Cut/8)%Bytes)+:8];
        end
        xc7_mux4 #(
            .Width(8)
        ) i_mux (
            .select_i(amount_i[Low+:2]),
            .data_i  (choices),
            .data_o  (turned[8*i+:8])
        );
      end
    end else begin : gen_one
      assign turned = amount_i[Low] ? {straight[Cut-1:0], straight[8*Bytes-1:Cut]} : straight;
    end
  end
  assign data_o = gen_step[Steps-1].turned;

endmodule
