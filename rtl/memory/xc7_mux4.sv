// SPDX-License-Identifier: Apache-2.0

/// One of four words, combinational, a LUT6 of Xilinx 7 for each bit: mappers share halves of such multiplexers between the outputs of a rotator and
/// then take a LUT for each half.
///
///   data_o = data_i[select_i]
module xc7_mux4 #(
    /// Bits of a word.
    parameter int unsigned Width = 8
) (
    /// Which word.
    input  logic [        1:0] select_i,
    /// Word i at [i*Width +: Width].
    input  logic [4*Width-1:0] data_i,
    /// The word.
    output logic [  Width-1:0] data_o
);

  // Index {select, word 3..0 of the bit}.
  function automatic logic [63:0] lut_table();
    logic [63:0] result;
    for (int i = 0; i < 64; i++) result[i] = 1'(i >> (i >> 4));
    return result;
  endfunction

  logic [Width-1:0] unused;
  for (genvar i = 0; i < Width; i++) begin : gen_bit
    LUT6_2 #(
        .INIT(lut_table())
    ) i_lut (
        .I0(data_i[i]),
        .I1(data_i[Width+i]),
        .I2(data_i[2*Width+i]),
        .I3(data_i[3*Width+i]),
        .I4(select_i[0]),
        .I5(select_i[1]),
        .O5(unused[i]),
        .O6(data_o[i])
    );
  end

endmodule
