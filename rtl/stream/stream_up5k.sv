// SPDX-License-Identifier: Apache-2.0

/// Board top for an iCE40 UP5K: the stream engine behind four SPI pins. Resets itself after configuration.
module stream_up5k
  import stream_pkg::*;
#(
    /// Bits of an accumulator, 16..31.
    parameter int unsigned AccWidth = 22
) (
    /// Clock.
    input  logic clk_i,
    /// SPI clock, mode 0.
    input  logic spi_sck_i,
    /// SPI chip select, active low.
    input  logic spi_cs_ni,
    /// SPI data in.
    input  logic spi_mosi_i,
    /// SPI data out, always driven.
    output logic spi_miso_o,
    /// No job runs.
    output logic idle_o
);

  // Flip-flops are 0 after configuration, so that this counter holds the reset for 15 clocks.
  logic [3:0] up_q = '0;
  logic rst_n;
  assign rst_n = &up_q;
  always_ff @(posedge clk_i) if (!rst_n) up_q <= up_q + 4'd1;

  logic start, abort, valid, write, grant, overrun, running;
  logic [ 1:0] bank;
  logic [13:0] address;
  logic [15:0] data, reply;
  error_e error;
  logic [23:0] cycles;
  assign idle_o = !running;

  spi_host i_host (
      .clk_i,
      .rst_ni   (rst_n),
      .spi_sck_i,
      .spi_cs_ni,
      .spi_mosi_i,
      .spi_miso_o,
      .start_o  (start),
      .abort_o  (abort),
      .valid_o  (valid),
      .write_o  (write),
      .bank_o   (bank),
      .address_o(address),
      .data_o   (data),
      .grant_i  (grant),
      .data_i   (reply),
      .overrun_o(overrun),
      .running_i(running),
      .error_i  (error),
      .cycles_i (cycles)
  );

  stream_engine #(
      .AccWidth(AccWidth)
  ) i_engine (
      .clk_i,
      .rst_ni         (rst_n),
      .start_i        (start),
      .start_address_i(address),
      .start_upper_i  (data[15]),
      .abort_i        (abort),
      .host_valid_i   (valid),
      .host_write_i   (write),
      .host_bank_i    (bank),
      .host_address_i (address),
      .host_data_i    (data),
      .host_grant_o   (grant),
      .host_data_o    (reply),
      .host_overrun_i (overrun),
      .running_o      (running),
      .error_o        (error),
      .cycles_o       (cycles),
      // The trace is for simulation; what feeds it is removed here.
      // verilator lint_off PINCONNECTEMPTY
      .trace_row_o    (),
      .trace_stage_o  (),
      .trace_write_o  (),
      .trace_address_o(),
      .trace_data_o   ()
      // verilator lint_on PINCONNECTEMPTY
  );

endmodule
