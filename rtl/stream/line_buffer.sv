// SPDX-License-Identifier: Apache-2.0

/// The newest rows of the input: 256 words of K bytes, written a halfword (or a word of zeros) a cycle, a word read in every cycle.
module line_buffer #(
    /// Lanes: bytes of a word, even.
    parameter int unsigned K = 16
) (
    /// Clock.
    input  logic           clk_i,
    /// Halfwords that are written.
    input  logic [K/2-1:0] write_i,
    /// Their word.
    input  logic [    7:0] write_address_i,
    /// Value of each of them.
    input  logic [   15:0] data_i,
    /// Word to read.
    input  logic [    7:0] address_i,
    /// That word, one cycle later: lane k at bit 8*k.
    output logic [8*K-1:0] word_o
);

  for (genvar h = 0; h < K / 2; h++) begin : gen_halfword
    ram_1r1w #(
        .Depth(256),
        .Width(16)
    ) i_halfword (
        .clk_i,
        .read_i        (1'b1),
        .read_address_i(address_i),
        .data_o        (word_o[16*h+:16]),
        .write_i       (write_i[h]),
        .write_address_i,
        .data_i
    );
  end

endmodule
