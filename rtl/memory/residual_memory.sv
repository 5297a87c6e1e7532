// SPDX-License-Identifier: Apache-2.0

/// Activations that a later layer adds as its shortcut: R channels of a pixel a word, in the order pixel, channel group, so that a
/// shortcut needs no rotator. One read and one write port; reading the word that is being written gives an undefined word. SinglePort: one
/// port (SPRAM of UP5K), which a write takes.
module residual_memory #(
    /// Channels of a word.
    parameter int unsigned R             = 8,
    /// Words, a power of two >= 512.
    parameter int unsigned ResidualWords = 16384,
    /// 1: no read in the cycle of a write.
    parameter bit          SinglePort    = 1'b0,
    /// Bits of an address; follows from ResidualWords.
    parameter int unsigned AddressWidth  = $clog2(ResidualWords)
) (
    /// Clock.
    input  logic                    clk_i,
    /// Read; counts when SinglePort.
    input  logic                    read_i,
    /// Word to read.
    input  logic [AddressWidth-1:0] read_address_i,
    /// Its value, one cycle later.
    output logic [         8*R-1:0] read_data_o,
    /// Write.
    input  logic                    write_i,
    /// Word to write.
    input  logic [AddressWidth-1:0] write_address_i,
    /// Its value.
    input  logic [         8*R-1:0] write_data_i
);

  if (ResidualWords < 512 || (ResidualWords & (ResidualWords - 1)) != 0) begin : gen_check
    $error("residual_memory: ResidualWords must be a power of two of at least 512");
  end

  if (SinglePort) begin : gen_one
    ram_1rw #(
        .Depth(ResidualWords),
        .Width(8 * R)
    ) i_ram (
        .clk_i,
        .enable_i (write_i || read_i),
        .write_i,
        .address_i(write_i ? write_address_i : read_address_i),
        .data_i   (write_data_i),
        .data_o   (read_data_o)
    );
  end else begin : gen_two
    logic unused_read;
    assign unused_read = read_i;
    (* no_rw_check *) logic [8*R-1:0] memory_q[ResidualWords];
    always_ff @(posedge clk_i) begin
      read_data_o <= memory_q[read_address_i];
      if (write_i) memory_q[write_address_i] <= write_data_i;
    end
  end

endmodule
