// SPDX-License-Identifier: Apache-2.0

/// Word memory that the host fills, and that dma_engine may fill while the engine reads it.
///
/// TwoPorts = 0: one port, and a write goes to `read_address_i`; 1: a read and a write in the same cycle, at two addresses.
module word_memory #(
    /// Words, a power of two.
    parameter int unsigned Words    = 256,
    /// Bits of a word.
    parameter int unsigned Width    = 32,
    /// 1: a read and a write port.
    parameter bit          TwoPorts = 1'b0
) (
    /// Clock.
    input  logic                     clk_i,
    /// Read in this cycle.
    input  logic                     read_i,
    /// Word to read.
    input  logic [$clog2(Words)-1:0] read_address_i,
    /// Word read, from the next cycle until the cycle after the next read.
    output logic [        Width-1:0] data_o,
    /// Write in this cycle; with one port not together with `read_i`.
    input  logic                     write_i,
    /// Word to write; with one port equal to `read_address_i`.
    input  logic [$clog2(Words)-1:0] write_address_i,
    /// Its value.
    input  logic [        Width-1:0] data_i
);

  if (Words < 2 || (Words & (Words - 1)) != 0) begin : gen_check
    $error("word_memory: Words must be a power of two");
  end

  if (TwoPorts) begin : gen_two
    ram_1r1w #(
        .Depth(Words),
        .Width(Width)
    ) i_ram (
        .clk_i,
        .read_i,
        .read_address_i,
        .data_o,
        .write_i,
        .write_address_i,
        .data_i
    );
  end else begin : gen_one
    ram_1rw #(
        .Depth(Words),
        .Width(Width)
    ) i_ram (
        .clk_i,
        .enable_i (read_i || write_i),
        .write_i,
        .address_i(read_address_i),
        .data_i,
        .data_o
    );
    logic unused_address;
    assign unused_address = ^write_address_i;
  end

endmodule
