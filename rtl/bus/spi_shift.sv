// SPDX-License-Identifier: Apache-2.0

/// SPI slave, mode 0, most significant bit first, sampled by clk_i: sck at most a quarter of it. Bytes in, bytes out.
///
/// MISO changes three clocks after the rising edge of sck that sampled the bit before, so that it is steady at the next rising edge; the
/// first bit is there three clocks after spi_cs_ni falls.
module spi_shift (
    /// Clock.
    input  logic       clk_i,
    /// Synchronous reset, active low.
    input  logic       rst_ni,
    /// SPI clock, asynchronous.
    input  logic       spi_sck_i,
    /// SPI chip select, active low, asynchronous.
    input  logic       spi_cs_ni,
    /// SPI data in.
    input  logic       spi_mosi_i,
    /// SPI data out.
    output logic       spi_miso_o,
    /// One cycle: a transfer begins; first_i goes out as its first byte.
    output logic       begin_o,
    /// First byte to send.
    input  logic [7:0] first_i,
    /// One cycle: the first bit of a byte was exchanged.
    output logic       bit_o,
    /// One cycle: a byte was received; next_i goes out while the next one comes in.
    output logic       byte_o,
    /// The byte, with byte_o.
    output logic [7:0] data_o,
    /// Next byte to send.
    input  logic [7:0] next_i
);

  logic [2:0] sck_q, cs_nq;
  logic [1:0] mosi_q;
  logic [2:0] count_q;
  logic [7:0] send_q;
  logic [6:0] receive_q;
  logic rise;

  assign rise = sck_q[1] && !sck_q[2] && !cs_nq[1];
  assign begin_o = !cs_nq[1] && cs_nq[2];
  assign bit_o = rise && count_q == 3'd0;
  assign byte_o = rise && count_q == 3'd7;
  assign data_o = {receive_q, mosi_q[1]};
  assign spi_miso_o = send_q[7];

  always_ff @(posedge clk_i) begin
    sck_q  <= {sck_q[1:0], spi_sck_i};
    cs_nq  <= {cs_nq[1:0], spi_cs_ni};
    mosi_q <= {mosi_q[0], spi_mosi_i};
    if (begin_o) begin
      count_q <= '0;
      send_q  <= first_i;
    end else if (rise) begin
      count_q <= count_q + 3'd1;
      send_q <= byte_o ? next_i : {send_q[6:0], 1'b0};
      receive_q <= data_o[6:0];
    end
    if (!rst_ni) begin
      sck_q <= '0;
      cs_nq <= '1;
      count_q <= '0;
    end
  end

endmodule
