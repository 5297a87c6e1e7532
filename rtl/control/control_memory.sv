// SPDX-License-Identifier: Apache-2.0

/// Descriptors and channel parameters, 32-bit words; written by the host, read by descriptor_reader and output_writer.
module control_memory #(
    /// Words, a power of two.
    parameter int unsigned ControlWords = 8192
) (
    /// Clock.
    input  logic                            clk_i,
    /// Read in this cycle.
    input  logic                            read_i,
    /// Write in this cycle; not together with `read_i`.
    input  logic                            write_i,
    /// Word.
    input  logic [$clog2(ControlWords)-1:0] address_i,
    /// Word to write.
    input  logic [                    31:0] data_i,
    /// Word read, from the next cycle until the cycle after the next read.
    output logic [                    31:0] data_o
);

  if (ControlWords < 2 || (ControlWords & (ControlWords - 1)) != 0) begin : gen_check
    $error("control_memory: ControlWords must be a power of two");
  end

  ram_1rw #(
      .Depth(ControlWords),
      .Width(32)
  ) i_ram (
      .clk_i,
      .enable_i(read_i || write_i),
      .write_i,
      .address_i,
      .data_i,
      .data_o
  );

endmodule
