// SPDX-License-Identifier: Apache-2.0

/// Registers of engines with external memory: transfer list, window, time-out, address of the last fault, traffic.
///
/// Written while no job runs; a write to a read-only one, or while busy, is refused and changes nothing.
module memory_registers
  import flexor_pkg::*;
#(
    /// Bytes of a beat.
    parameter int unsigned Beat = 16,
    /// Bits of the time-out, <= 32.
    parameter int unsigned TimeoutWidth = 24
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Write to the register `index_i`.
    input  logic                    write_i,
    /// Register, RegTransfers..
    input  logic [             4:0] index_i,
    /// Its value.
    input  logic [            31:0] write_data_i,
    /// A job runs.
    input  logic                    busy_i,
    /// A write to `index_i` is refused (combinational).
    output logic                    refuse_o,
    /// Value of `index_i`, one cycle later; 0 for any other register.
    output logic [            31:0] read_data_o,
    /// Byte address of the first entry.
    output logic [            31:0] list_o,
    /// First byte that jobs may touch.
    output logic [            31:0] window_first_o,
    /// Last byte that jobs may touch.
    output logic [            31:0] window_last_o,
    /// Cycles without an answer that are too many; 0: never.
    output logic [TimeoutWidth-1:0] timeout_o,
    /// One cycle: a job starts; counters to 0.
    input  logic                    start_i,
    /// Fault of the last job.
    input  logic [            31:0] error_address_i,
    /// A beat was read.
    input  logic                    beat_read_i,
    /// A beat was written.
    input  logic                    beat_written_i,
    /// Layers wait for transfers in this cycle.
    input  logic                    stall_i
);

  localparam int unsigned BeatBits = $clog2(Beat);

  logic [31-BeatBits:0] read_q, written_q;
  logic [31:0] stall_q;
  logic writable;

  assign writable = index_i >= 5'(RegTransfers) && index_i <= 5'(RegTimeout);
  assign refuse_o = !writable || busy_i || (index_i == 5'(RegTransfers) && write_data_i[BeatBits-1:0] != '0);

  always_ff @(posedge clk_i) begin
    if (write_i && !refuse_o) begin
      unique case (index_i)
        5'(RegTransfers): list_o <= write_data_i;
        5'(RegWindowFirst): window_first_o <= write_data_i;
        5'(RegWindowLast): window_last_o <= write_data_i;
        default: timeout_o <= |write_data_i[31:TimeoutWidth] ? '1 : write_data_i[TimeoutWidth-1:0];
      endcase
    end
    if (start_i) begin
      read_q <= '0;
      written_q <= '0;
      stall_q <= '0;
    end else begin
      if (beat_read_i) read_q <= read_q + 1'b1;
      if (beat_written_i) written_q <= written_q + 1'b1;
      if (stall_i) stall_q <= stall_q + 32'd1;
    end
    unique case (index_i)
      5'(RegTransfers): read_data_o <= list_o;
      5'(RegWindowFirst): read_data_o <= window_first_o;
      5'(RegWindowLast): read_data_o <= window_last_o;
      5'(RegTimeout): read_data_o <= 32'(timeout_o);
      5'(RegErrorAddress): read_data_o <= error_address_i;
      5'(RegBytesRead): read_data_o <= {read_q, BeatBits'(0)};
      5'(RegBytesWritten): read_data_o <= {written_q, BeatBits'(0)};
      5'(RegTransferStall): read_data_o <= stall_q;
      default: read_data_o <= '0;
    endcase
    if (!rst_ni) begin
      list_o <= ResetTransfers;
      window_first_o <= ResetWindowFirst;
      window_last_o <= ResetWindowLast;
      timeout_o <= TimeoutWidth'(ResetTimeout);
      read_q <= '0;
      written_q <= '0;
      stall_q <= '0;
    end
  end

endmodule
