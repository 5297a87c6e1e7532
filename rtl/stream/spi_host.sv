// SPDX-License-Identifier: Apache-2.0

/// The host's SPI port: words of 16 bits, most significant bit first, mode 0 (docs/stream_engine.md, "Host").
///
/// A transfer is a command word, an address word, then data words; the address goes on with each. The word that goes out with the command
/// is the status. Shifting runs on spi_sck_i itself: writes may come with any clock up to that of the pins, since a word is 16 bits long;
/// reads need an spi_sck_i of at most a sixth of clk_i. spi_cs_ni is high for at least four clk_i between transfers.
module spi_host
  import stream_pkg::*;
(
    /// Clock.
    input  logic          clk_i,
    /// Synchronous reset, active low.
    input  logic          rst_ni,
    /// SPI clock.
    input  logic          spi_sck_i,
    /// SPI chip select, active low.
    input  logic          spi_cs_ni,
    /// SPI data in.
    input  logic          spi_mosi_i,
    /// SPI data out.
    output logic          spi_miso_o,
    /// Begin a job: one cycle.
    output logic          start_o,
    /// End it: one cycle.
    output logic          abort_o,
    /// The host wants a bank.
    output logic          valid_o,
    /// It writes.
    output logic          write_o,
    /// Which bank.
    output logic   [ 1:0] bank_o,
    /// Which halfword; with start_o the first halfword of the stream.
    output logic   [13:0] address_o,
    /// Value to write; with start_o bit 15 selects the upper half of bank 3.
    output logic   [15:0] data_o,
    /// It gets the bank in this cycle.
    input  logic          grant_i,
    /// Halfword read, a cycle after its address.
    input  logic   [15:0] data_i,
    /// A write was lost.
    output logic          overrun_o,
    /// A job runs.
    input  logic          running_i,
    /// How the last one ended.
    input  error_e        error_i,
    /// Its cycles.
    input  logic   [23:0] cycles_i
);

  localparam logic [11:0] Identity = 12'hA10;  // signature, interface version, configuration

  // Shift register, on the SPI clock; a complete word waits in word_q.
  logic [15:0] shift_q, word_q, reply;
  logic [3:0] bit_q;
  logic toggle_q = 1'b0;
  always_ff @(posedge spi_sck_i or posedge spi_cs_ni) begin
    if (spi_cs_ni) bit_q <= '0;
    else bit_q <= bit_q + 4'd1;
  end
  always_ff @(posedge spi_sck_i) begin
    shift_q <= {bit_q == '0 ? reply[14:0] : shift_q[14:0], spi_mosi_i};
    if (bit_q == 4'd15) begin
      word_q   <= {shift_q[14:0], spi_mosi_i};
      toggle_q <= !toggle_q;
    end
  end
  assign spi_miso_o = bit_q == '0 ? reply[15] : shift_q[15];

  // Words, on the engine's clock.
  logic [2:0] toggle_sync_q;
  logic [1:0] select_sync_q;
  logic arrives, pending_q;
  logic [1:0] index_q;  // 0 command, 1 address, 2 data
  logic is_register_q, is_write_q, is_start_q, is_abort_q;
  assign arrives   = toggle_sync_q[2] != toggle_sync_q[1];
  assign valid_o   = !is_write_q || pending_q;
  assign write_o   = is_write_q && pending_q;
  assign data_o    = word_q;
  assign overrun_o = arrives && pending_q;

  always_ff @(posedge clk_i) begin
    toggle_sync_q <= {toggle_sync_q[1:0], toggle_q};
    select_sync_q <= {select_sync_q[0], spi_cs_ni};
    start_o <= arrives && index_q == 2'd1 && is_start_q;
    abort_o <= arrives && index_q == 2'd1 && is_abort_q;
    if (select_sync_q[1]) index_q <= '0;
    else if (arrives && !index_q[1]) index_q <= index_q + 2'd1;
    if (arrives && index_q == 2'd0) {is_abort_q, is_start_q, is_write_q, is_register_q, bank_o} <= word_q[5:0];
    if (arrives && index_q == 2'd1) address_o <= word_q[13:0];
    else if (is_write_q ? pending_q && grant_i : arrives && index_q[1]) address_o <= address_o + 14'd1;
    if (arrives && index_q[1] && is_write_q) pending_q <= 1'b1;
    else if (grant_i) pending_q <= 1'b0;
    if (!rst_ni) begin
      index_q <= '0;
      pending_q <= 1'b0;
      {is_abort_q, is_start_q, is_write_q} <= '0;
      start_o <= 1'b0;
      abort_o <= 1'b0;
    end
  end

  logic [15:0] register;
  assign register = address_o[0] ? 16'(cycles_i[23:16]) : cycles_i[15:0];
  assign reply = index_q == '0 ? {Identity, running_i, error_i} : is_register_q ? register : data_i;

endmodule
