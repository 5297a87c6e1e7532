// SPDX-License-Identifier: Apache-2.0

/// Stored (encrypted) weights, bit-planar tiles (docs/architecture.md): one D-bit word a cycle, read by tile_loader, written by the host.
module weight_memory #(
    /// Bits of a word = slices decrypted at a time.
    parameter int unsigned D           = 40,
    /// Words, a power of two.
    parameter int unsigned WeightWords = 131072
) (
    /// Clock.
    input  logic                           clk_i,
    /// Read in this cycle.
    input  logic                           read_i,
    /// Write in this cycle; not together with `read_i`.
    input  logic                           write_i,
    /// Word.
    input  logic [$clog2(WeightWords)-1:0] address_i,
    /// Word to write.
    input  logic [                  D-1:0] data_i,
    /// Word read, from the next cycle until the cycle after the next read.
    output logic [                  D-1:0] data_o
);

  if (WeightWords < 2 || (WeightWords & (WeightWords - 1)) != 0) begin : gen_check
    $error("weight_memory: WeightWords must be a power of two");
  end

  ram_1rw #(
      .Depth(WeightWords),
      .Width(D)
  ) i_ram (
      .clk_i,
      .enable_i(read_i || write_i),
      .write_i,
      .address_i,
      .data_i,
      .data_o
  );

endmodule
