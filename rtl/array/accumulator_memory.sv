// SPDX-License-Identifier: Apache-2.0

/// One buffer of accumulators: block RAM with one read and one write port. Reading an address while it is written gives no defined value.
module accumulator_memory #(
    /// Bits of a word.
    parameter int unsigned Width = 320,
    /// Words.
    parameter int unsigned Depth = 256,
    /// Bits of an address; follows from Depth.
    parameter int unsigned AddressWidth = Depth > 1 ? $clog2(Depth) : 1
) (
    /// Clock.
    input  logic                    clk_i,
    /// Write.
    input  logic                    write_i,
    /// Word to write.
    input  logic [AddressWidth-1:0] write_address_i,
    /// Its value.
    input  logic [       Width-1:0] write_data_i,
    /// Word to read.
    input  logic [AddressWidth-1:0] read_address_i,
    /// Its value, one cycle later.
    output logic [       Width-1:0] read_data_o
);

  // Few words go where the device has memories of that depth (distributed RAM); without such memories, to block RAM.
  (* no_rw_check, ram_style = Depth <= 16 ? "auto" : "block" *)
  logic [Width-1:0] memory_q[Depth];

  always_ff @(posedge clk_i) begin
    if (write_i) memory_q[write_address_i] <= write_data_i;
    read_data_o <= memory_q[read_address_i];
  end

endmodule
