// SPDX-License-Identifier: Apache-2.0

/// AXI4 write master: a command (address, beats) and a stream of beats become INCR bursts with one ID, several of them outstanding.
///
/// The beats of a burst are offered from the cycle after its address was first offered, without waiting for AWREADY. Commands follow one
/// another without a gap: the next is taken when the last burst of the one before was asked for. Any fault and abort_i end all commands that
/// are under way: no beat is taken from the stream any more, the bursts that were asked for are completed with zero strobes, their responses
/// awaited, then idle_o. What is reported when: docs/blocks/axi_writer.md.
module axi_writer
  import axi_pkg::*;
#(
    /// Bits of a byte address, 13..64.
    parameter int unsigned AddressWidth = 32,
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned DataBytes = 8,
    /// Most beats of a burst, power of two, 2..256.
    parameter int unsigned MaxBurst = 16,
    /// Most bursts without a response, power of two, >= 2. The full rate needs a latency of at most (Outstanding - 1) * MaxBurst - 2 cycles.
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
    /// First byte that may be written; steady while not idle.
    input  logic       [AddressWidth-1:0] window_first_i,
    /// Last byte that may be written; steady while not idle.
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
    /// A beat is offered.
    input  logic                          data_valid_i,
    /// It is taken, and will be written whatever happens later.
    output logic                          data_ready_o,
    /// The beat.
    input  logic       [ 8*DataBytes-1:0] data_i,
    /// Its byte enables.
    input  logic       [   DataBytes-1:0] data_strobe_i,
    /// One cycle: a report.
    output logic                          error_valid_o,
    /// Its code.
    output axi_error_e                    error_code_o,
    /// Byte address of the burst (of the command, when it was refused).
    output logic       [AddressWidth-1:0] error_address_o,
    /// No command, and every response has come.
    output logic                          idle_o,
    /// AXI4 write address; stays until it is taken.
    output logic                          m_axi_awvalid_o,
    /// Address taken.
    input  logic                          m_axi_awready_i,
    /// Byte address.
    output logic       [AddressWidth-1:0] m_axi_awaddr_o,
    /// Beats less one.
    output logic       [             7:0] m_axi_awlen_o,
    /// Always DataBytes.
    output logic       [             2:0] m_axi_awsize_o,
    /// Always INCR.
    output logic       [             1:0] m_axi_awburst_o,
    /// AXI4 write data; stays until it is taken.
    output logic                          m_axi_wvalid_o,
    /// Data taken.
    input  logic                          m_axi_wready_i,
    /// Data.
    output logic       [ 8*DataBytes-1:0] m_axi_wdata_o,
    /// Byte enables.
    output logic       [   DataBytes-1:0] m_axi_wstrb_o,
    /// Last beat of its burst.
    output logic                          m_axi_wlast_o,
    /// AXI4 write response.
    input  logic                          m_axi_bvalid_i,
    /// Always high.
    output logic                          m_axi_bready_o,
    /// Response.
    input  logic       [             1:0] m_axi_bresp_i
);

  localparam int unsigned ByteBits = $clog2(DataBytes);
  localparam int unsigned BeatBits = $clog2(MaxBurst);
  localparam int unsigned SlotBits = $clog2(Outstanding);
  localparam int unsigned WordWidth = AddressWidth - ByteBits;

  if (Outstanding < 2 || Outstanding != 2 ** SlotBits) begin : gen_check_outstanding
    $error("axi_writer: Outstanding must be a power of two of at least 2");
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

  // Bursts from their first cycle on AW to their response: address and, until their beats are on W, beats less one.
  logic [WordWidth-1:0] addresses[Outstanding];
  logic [BeatBits-1:0] lengths[Outstanding];
  logic [SlotBits:0] count_q;  // bursts without a response
  logic [SlotBits:0] open_q;  // bursts whose last beat has not entered W
  logic [SlotBits:0] sent_q;  // bursts without a response whose last beat was taken
  logic [SlotBits-1:0] issue_q, fill_q, answer_q;
  logic [BeatBits-1:0] beat_q;
  logic issue, fill, fill_last, space, starved, w_done, owed, answer, wrong;
  axi_error_e response;
  logic [AddressWidth-1:0] oldest;

  assign burst_ready = !draining && count_q != (SlotBits + 1)'(Outstanding) && (!m_axi_awvalid_o || m_axi_awready_i);
  assign issue = burst_valid && burst_ready;

  always_ff @(posedge clk_i) begin
    if (issue) addresses[issue_q] <= burst_address;
    if (issue) lengths[issue_q] <= burst_length;
  end

  assign space = open_q != '0 && (!m_axi_wvalid_o || m_axi_wready_i);
  assign data_ready_o = space && !draining;
  assign starved = data_ready_o && !data_valid_i;  // a memory may take the address only when it sees data
  assign fill = space && (data_valid_i || draining);
  assign fill_last = beat_q == lengths[fill_q];
  assign w_done = m_axi_wvalid_o && m_axi_wready_i && m_axi_wlast_o;

  assign owed = sent_q != '0 && count_q != (SlotBits + 1)'(m_axi_awvalid_o);
  assign answer = m_axi_bvalid_i && owed;
  assign response = response_error(m_axi_bresp_i);
  assign wrong = answer && response != AxiErrorNone;
  assign oldest = {addresses[answer_q], ByteBits'(0)};

  always_ff @(posedge clk_i) begin
    if (issue) begin
      m_axi_awvalid_o <= 1'b1;
      m_axi_awaddr_o <= {burst_address, ByteBits'(0)};
      m_axi_awlen_o <= 8'(burst_length);
      issue_q <= issue_q + 1'b1;
    end else if (m_axi_awready_i) begin
      m_axi_awvalid_o <= 1'b0;
    end

    if (fill) begin
      m_axi_wvalid_o <= 1'b1;
      m_axi_wdata_o <= data_i;
      m_axi_wstrb_o <= draining ? '0 : data_strobe_i;
      m_axi_wlast_o <= fill_last;
      beat_q <= fill_last ? '0 : beat_q + 1'b1;
    end else if (m_axi_wready_i) begin
      m_axi_wvalid_o <= 1'b0;
    end
    if (fill && fill_last) fill_q <= fill_q + 1'b1;
    if (answer) answer_q <= answer_q + 1'b1;

    count_q <= count_q + (SlotBits + 1)'(issue) - (SlotBits + 1)'(answer);
    open_q  <= open_q + (SlotBits + 1)'(issue) - (SlotBits + 1)'(fill && fill_last);
    sent_q  <= sent_q + (SlotBits + 1)'(w_done) - (SlotBits + 1)'(answer);

    if (!rst_n) begin
      m_axi_awvalid_o <= 1'b0;
      m_axi_wvalid_o <= 1'b0;
      issue_q <= '0;
      fill_q <= '0;
      answer_q <= '0;
      beat_q <= '0;
      count_q <= '0;
      open_q <= '0;
      sent_q <= '0;
    end
  end

  assign m_axi_awsize_o  = 3'(ByteBits);
  assign m_axi_awburst_o = BurstIncrement;
  assign m_axi_bready_o  = 1'b1;

  axi_stop #(
      .AddressWidth(AddressWidth),
      .TimeoutWidth(TimeoutWidth)
  ) i_stop (
      .clk_i,
      .rst_ni(rst_n),
      .abort_i,
      .fault_i(wrong || refused),
      .fault_code_i(wrong ? response : refused_code),
      .fault_address_i(wrong ? oldest : refused_address),
      .waiting_i(m_axi_wvalid_o || owed || (m_axi_awvalid_o && !starved)),
      .progress_i(answer || (m_axi_awvalid_o && m_axi_awready_i) || (m_axi_wvalid_o && m_axi_wready_i)),
      .waiting_address_i(oldest),
      .timeout_i,
      .drained_i(count_q == '0),
      .draining_o(draining),
      .error_valid_o,
      .error_code_o,
      .error_address_o
  );

  assign idle_o = split_idle && count_q == '0 && !draining;

  logic unused_last;
  assign unused_last = burst_last;

endmodule
