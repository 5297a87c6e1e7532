// SPDX-License-Identifier: Apache-2.0

/// Single-port memory with a byte enable: one read or one write a cycle; `data_o` keeps the last word read. Infers SPRAM on UP5K and
/// block RAM elsewhere.
module ram_1rw_bytes #(
    /// Words, >= 2.
    parameter int unsigned Depth = 16384,
    /// Bytes of a word.
    parameter int unsigned Bytes = 2
) (
    /// Clock.
    input  logic                     clk_i,
    /// A read or a write happens in this cycle.
    input  logic                     enable_i,
    /// With `enable_i`: 1 write, 0 read.
    input  logic                     write_i,
    /// Byte enable of a write.
    input  logic [        Bytes-1:0] strobe_i,
    /// Word number, < Depth.
    input  logic [$clog2(Depth)-1:0] address_i,
    /// Bytes to write.
    input  logic [      8*Bytes-1:0] data_i,
    /// Word read, from the cycle after the read on.
    output logic [      8*Bytes-1:0] data_o
);

  if (Depth < 2 || Bytes < 1) begin : gen_check
    $error("ram_1rw_bytes: Depth must be at least 2 and Bytes at least 1");
  end

  logic [8*Bytes-1:0] memory[Depth];

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (write_i) begin
        for (int unsigned i = 0; i < Bytes; i++) begin
          if (strobe_i[i]) memory[address_i][8*i+:8] <= data_i[8*i+:8];
        end
      end else begin
        data_o <= memory[address_i];
      end
    end
  end

endmodule
