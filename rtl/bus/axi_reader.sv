// SPDX-License-Identifier: Apache-2.0

/// AXI4 read master: a command (address, beats) becomes INCR bursts with one ID, several of them outstanding; the data comes out as a
/// stream, in order.
///
/// A burst is asked for only when the queue has room for all its beats (credits), so that RREADY is always high and the consumer never
/// stops the bus. Commands follow one another without a gap: the next is taken when the last burst of the one before was asked for. Any fault
/// and abort_i end all commands that are under way: nothing more comes out, the beats that the memory owes are swallowed, then idle_o.
/// What is reported when: docs/blocks/axi_reader.md.
module axi_reader
  import axi_pkg::*;
#(
    /// Bits of a byte address, 13..64.
    parameter int unsigned AddressWidth = 32,
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned DataBytes = 8,
    /// Most beats of a burst, power of two, 2..256.
    parameter int unsigned MaxBurst = 16,
    /// Most outstanding bursts, power of two, >= 2. The full rate needs a latency of at most (Outstanding - 1) * MaxBurst - 3 cycles.
    parameter int unsigned Outstanding = 8,
    /// Bits of the time-out, >= 2.
    parameter int unsigned TimeoutWidth = 16
) (
    /// Clock.
    input  logic                          clk_i,
    /// Synchronous reset, active low.
    input  logic                          rst_ni,
    /// One cycle: end all commands, without a report.
    input  logic                          abort_i,
    /// The memory was reset and owes nothing: forget everything. Nothing else ends the draining when the memory is dead.
    input  logic                          forget_i,
    /// First byte that may be read; steady while not idle.
    input  logic       [AddressWidth-1:0] window_first_i,
    /// Last byte that may be read; steady while not idle.
    input  logic       [AddressWidth-1:0] window_last_i,
    /// Cycles without an answer of the memory that are too many; 0: never.
    input  logic       [TimeoutWidth-1:0] timeout_i,
    /// A command is offered.
    input  logic                          command_valid_i,
    /// It is taken.
    output logic                          command_ready_o,
    /// Byte address of its first beat, a multiple of DataBytes.
    input  logic       [AddressWidth-1:0] command_address_i,
    /// Its beats, >= 1.
    input  logic       [  BeatsWidth-1:0] command_beats_i,
    /// A beat is offered; stays until it is taken, unless a fault or an abort withdraws it.
    output logic                          data_valid_o,
    /// It is taken.
    input  logic                          data_ready_i,
    /// The beat.
    output logic       [ 8*DataBytes-1:0] data_o,
    /// Last beat of its command.
    output logic                          data_last_o,
    /// One cycle: a report.
    output logic                          error_valid_o,
    /// Its code.
    output axi_error_e                    error_code_o,
    /// Byte address of the beat (of the command, when it was refused).
    output logic       [AddressWidth-1:0] error_address_o,
    /// No command, nothing owed, nothing to deliver.
    output logic                          idle_o,
    /// AXI4 read address; stays until it is taken.
    output logic                          m_axi_arvalid_o,
    /// Address taken.
    input  logic                          m_axi_arready_i,
    /// Byte address.
    output logic       [AddressWidth-1:0] m_axi_araddr_o,
    /// Beats less one.
    output logic       [             7:0] m_axi_arlen_o,
    /// Always DataBytes.
    output logic       [             2:0] m_axi_arsize_o,
    /// Always INCR.
    output logic       [             1:0] m_axi_arburst_o,
    /// AXI4 read data.
    input  logic                          m_axi_rvalid_i,
    /// Always high.
    output logic                          m_axi_rready_o,
    /// Data.
    input  logic       [ 8*DataBytes-1:0] m_axi_rdata_i,
    /// Response.
    input  logic       [             1:0] m_axi_rresp_i,
    /// Last beat of its burst.
    input  logic                          m_axi_rlast_i
);

  localparam int unsigned ByteBits = $clog2(DataBytes);
  localparam int unsigned BeatBits = $clog2(MaxBurst);
  localparam int unsigned SlotBits = $clog2(Outstanding);
  localparam int unsigned Depth = Outstanding * MaxBurst;
  localparam int unsigned WordWidth = AddressWidth - ByteBits;
  localparam int unsigned CreditWidth = $clog2(Depth) + 1;

  if (Outstanding < 2 || Outstanding != 2 ** SlotBits) begin : gen_check_outstanding
    $error("axi_reader: Outstanding must be a power of two of at least 2");
  end

  logic rst_n, draining;
  assign rst_n = rst_ni && !forget_i;

  logic burst_valid, burst_ready, burst_last, refused, split_idle;
  logic [WordWidth-1:0] burst_address;
  logic [BeatBits-1:0] burst_length;
  axi_error_e refused_code;
  logic [AddressWidth-1:0] refused_address;

  axi_splitter #(
      .AddressWidth(AddressWidth),
      .DataBytes(DataBytes),
      .MaxBurst(MaxBurst)
  ) i_splitter (
      .clk_i,
      .rst_ni(rst_n),
      .clear_i(draining),
      .command_valid_i,
      .command_ready_o,
      .command_address_i,
      .command_beats_i,
      .window_first_i,
      .window_last_i,
      .burst_valid_o(burst_valid),
      .burst_ready_i(burst_ready),
      .burst_address_o(burst_address),
      .burst_length_o(burst_length),
      .burst_last_o(burst_last),
      .fault_o(refused),
      .fault_code_o(refused_code),
      .fault_address_o(refused_address),
      .idle_o(split_idle)
  );

  // Bursts from their first cycle on AR to their last beat: address, beats less one, end of the command.
  logic [WordWidth:0] slots[Outstanding];
  logic [BeatBits-1:0] slot_lengths[Outstanding];
  logic [SlotBits:0] count_q;
  logic [SlotBits-1:0] write_q, read_q;
  logic [CreditWidth-1:0] free_q;  // beats of the queue that are neither held nor asked for
  logic issue, take;

  assign burst_ready = !draining && count_q != (SlotBits + 1)'(Outstanding) && free_q > CreditWidth'(burst_length) &&
                       (!m_axi_arvalid_o || m_axi_arready_i);
  assign issue = burst_valid && burst_ready;
  assign take = data_valid_o && data_ready_i;

  always_ff @(posedge clk_i) begin
    if (issue) slots[write_q] <= {burst_address, burst_last};
    if (issue) slot_lengths[write_q] <= burst_length;
  end

  // The beat that comes next.
  logic [WordWidth-1:0] head_address, beat_address;
  logic [BeatBits-1:0] head_length, beat_q;
  logic head_last, owed, beat, burst_end, wrong, fault;
  axi_error_e response;

  assign {head_address, head_last} = slots[read_q];
  assign head_length = slot_lengths[read_q];
  assign beat_address = {head_address[WordWidth-1:BeatBits], head_address[BeatBits-1:0] + beat_q};
  assign owed = count_q != (SlotBits + 1)'(m_axi_arvalid_o);
  assign beat = m_axi_rvalid_i && owed;
  assign burst_end = beat_q == head_length;
  assign response = response_error(m_axi_rresp_i);
  assign wrong = beat && (response != AxiErrorNone || m_axi_rlast_i != burst_end);
  assign fault = wrong || refused;

  always_ff @(posedge clk_i) begin
    if (issue) begin
      m_axi_arvalid_o <= 1'b1;
      m_axi_araddr_o <= {burst_address, ByteBits'(0)};
      m_axi_arlen_o <= 8'(burst_length);
      write_q <= write_q + 1'b1;
    end else if (m_axi_arready_i) begin
      m_axi_arvalid_o <= 1'b0;
    end
    if (beat) beat_q <= burst_end ? '0 : beat_q + 1'b1;
    if (beat && burst_end) read_q <= read_q + 1'b1;
    count_q <= count_q + (SlotBits + 1)'(issue) - (SlotBits + 1)'(beat && burst_end);
    free_q <= free_q - (issue ? CreditWidth'(burst_length) + 1'b1 : '0) + CreditWidth'(take);
    if (draining) free_q <= CreditWidth'(Depth);
    if (!rst_n) begin
      m_axi_arvalid_o <= 1'b0;
      write_q <= '0;
      read_q <= '0;
      beat_q <= '0;
      count_q <= '0;
      free_q <= CreditWidth'(Depth);
    end
  end

  assign m_axi_arsize_o = 3'(ByteBits);
  assign m_axi_arburst_o = BurstIncrement;
  assign m_axi_rready_o = 1'b1;

  axi_stop #(
      .AddressWidth(AddressWidth),
      .TimeoutWidth(TimeoutWidth)
  ) i_stop (
      .clk_i,
      .rst_ni(rst_n),
      .abort_i,
      .fault_i(fault),
      .fault_code_i(!wrong ? refused_code : response != AxiErrorNone ? response : AxiErrorLast),
      .fault_address_i(wrong ? {beat_address, ByteBits'(0)} : refused_address),
      .waiting_i(count_q != '0),
      .progress_i(beat || (m_axi_arvalid_o && m_axi_arready_i)),
      .waiting_address_i({beat_address, ByteBits'(0)}),
      .timeout_i,
      .drained_i(count_q == '0),
      .draining_o(draining),
      .error_valid_o,
      .error_code_o,
      .error_address_o
  );

  // A wrong beat enters the queue too; the draining that it starts empties the queue before it could come out.
  logic fifo_valid, fifo_empty;
  stream_fifo #(
      .Depth(Depth),
      .Width(8 * DataBytes + 1)
  ) i_fifo (
      .clk_i,
      .rst_ni (rst_n && !draining),
      .push_i (beat && !draining),
      .data_i ({m_axi_rdata_i, burst_end && head_last}),
      .valid_o(fifo_valid),
      .ready_i(data_ready_i),
      .data_o ({data_o, data_last_o}),
      .empty_o(fifo_empty)
  );
  assign data_valid_o = fifo_valid && !draining;
  assign idle_o = split_idle && count_q == '0 && fifo_empty && !draining;

endmodule
