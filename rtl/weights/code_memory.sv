// SPDX-License-Identifier: Apache-2.0

/// Columns of the XOR codes: word code_base + j holds column j of M' (bit i = row i), read by tile_loader with stored bit j.
module code_memory #(
    /// Rows of a code, 1..32.
    parameter int unsigned NOut      = 20,
    /// Words, a power of two.
    parameter int unsigned CodeWords = 256
) (
    /// Clock.
    input  logic                         clk_i,
    /// Read in this cycle.
    input  logic                         read_i,
    /// Write in this cycle; not together with `read_i`.
    input  logic                         write_i,
    /// Word.
    input  logic [$clog2(CodeWords)-1:0] address_i,
    /// Column to write.
    input  logic [             NOut-1:0] data_i,
    /// Column read, from the next cycle until the cycle after the next read.
    output logic [             NOut-1:0] data_o
);

  if (CodeWords < 2 || (CodeWords & (CodeWords - 1)) != 0) begin : gen_check
    $error("code_memory: CodeWords must be a power of two");
  end

  ram_1rw #(
      .Depth(CodeWords),
      .Width(NOut)
  ) i_ram (
      .clk_i,
      .enable_i(read_i || write_i),
      .write_i,
      .address_i,
      .data_i,
      .data_o
  );

endmodule
