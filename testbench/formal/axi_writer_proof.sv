// SPDX-License-Identifier: Apache-2.0

/// Proof by induction over cycles: what axi_writer does on the bus is legal for every memory (any READY, any VALID, any response), every
/// command, every producer, every abort, and every window that does not move. forget_i is not used: it says that the bus was reset.
///
/// 1. An address that waits stays, with what it carries; so does a beat.
/// 2. No burst crosses 4 KiB, is longer than MaxBurst or leaves the window.
/// 3. At most Outstanding bursts are without a response.
/// 4. No beat is offered before its address; WLAST is on the last beat of each burst and on no other.
/// 5. BREADY is high while a response is owed.
/// 6. While draining no address is newly offered and what enters W has no byte enables.
/// The shadow is what an observer of the bus knows: the bursts whose address was offered, in order, and which beats were taken.
module axi_writer_proof
  import axi_pkg::*;
#(
    /// Bits of an address.
    parameter int unsigned AddressWidth = 14,
    /// Bytes of a beat.
    parameter int unsigned DataBytes = 8,
    /// Beats of a burst.
    parameter int unsigned MaxBurst = 4
) (
    input logic                    clk_i,
    input logic                    abort_i,
    input logic [AddressWidth-1:0] window_first_i,
    input logic [AddressWidth-1:0] window_last_i,
    input logic [             2:0] timeout_i,
    input logic                    command_valid_i,
    input logic [AddressWidth-1:0] command_address_i,
    input logic [  BeatsWidth-1:0] command_beats_i,
    input logic                    data_valid_i,
    input logic [ 8*DataBytes-1:0] data_i,
    input logic [   DataBytes-1:0] data_strobe_i,
    input logic                    awready_i,
    input logic                    wready_i,
    input logic                    bvalid_i,
    input logic [             1:0] bresp_i
);

  localparam int unsigned Outstanding = 2;  // the shadow is written for two

  // The window is whatever the inputs were before the first cycle.
  logic started_q = 1'b0;
  logic [AddressWidth-1:0] first_q, last_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) {first_q, last_q} <= {window_first_i, window_last_i};
  end

  logic awvalid, wvalid, wlast, bready;
  logic [AddressWidth-1:0] awaddr;
  logic [7:0] awlen;
  logic [8*DataBytes-1:0] wdata;
  logic [DataBytes-1:0] wstrb;
  axi_writer #(
      .AddressWidth(AddressWidth),
      .DataBytes(DataBytes),
      .MaxBurst(MaxBurst),
      .Outstanding(Outstanding),
      .TimeoutWidth(3)
  ) i_dut (
      .clk_i,
      .rst_ni(started_q),
      .abort_i,
      .forget_i(1'b0),
      .window_first_i(first_q),
      .window_last_i(last_q),
      .timeout_i,
      .command_valid_i,
      .command_ready_o(),
      .command_address_i,
      .command_beats_i,
      .data_valid_i,
      .data_ready_o(),
      .data_i,
      .data_strobe_i,
      .error_valid_o(),
      .error_code_o(),
      .error_address_o(),
      .idle_o(),
      .m_axi_awvalid_o(awvalid),
      .m_axi_awready_i(awready_i),
      .m_axi_awaddr_o(awaddr),
      .m_axi_awlen_o(awlen),
      .m_axi_awsize_o(),
      .m_axi_awburst_o(),
      .m_axi_wvalid_o(wvalid),
      .m_axi_wready_i(wready_i),
      .m_axi_wdata_o(wdata),
      .m_axi_wstrb_o(wstrb),
      .m_axi_wlast_o(wlast),
      .m_axi_bvalid_i(bvalid_i),
      .m_axi_bready_o(bready),
      .m_axi_bresp_i(bresp_i)
  );

  // The shadow. An address is on the list from the cycle in which it is first offered: `offered` counts that one too.
  logic [1:0] listed_q, offered;  // bursts without a response
  logic fresh, waits_q;
  logic [7:0] length_q[Outstanding], length[Outstanding];  // theirs, oldest first
  logic [1:0] full_q;  // of them: all beats taken
  logic [7:0] beat_q;  // beats of the next that were taken
  logic beat, full, answer;
  logic [7:0] current;
  assign fresh   = awvalid && !waits_q;
  assign offered = listed_q + 2'(fresh);
  always_comb begin
    length[0] = fresh && listed_q == 0 ? awlen : length_q[0];
    length[1] = fresh && listed_q == 1 ? awlen : length_q[1];
  end
  assign current = full_q == 0 ? length[0] : length[1];
  assign beat = wvalid && wready_i;
  assign full = beat && beat_q == current;
  assign answer = bvalid_i && bready && full_q != 0 && !(offered == 1 && awvalid);
  always_ff @(posedge clk_i) begin
    if (!started_q) begin
      listed_q <= '0;
      full_q   <= '0;
      beat_q   <= '0;
      waits_q  <= 1'b0;
    end else begin
      listed_q <= offered - 2'(answer);
      length_q[0] <= answer ? length[1] : length[0];
      length_q[1] <= length[1];
      full_q <= full_q + 2'(full) - 2'(answer);
      if (beat) beat_q <= full ? '0 : beat_q + 1'b1;
      waits_q <= awvalid && !awready_i;
    end
  end

  // The cycle before.
  logic before_q = 1'b0, drains_q, offered_q, holds_q, wlast_q;
  logic [AddressWidth-1:0] awaddr_q;
  logic [7:0] awlen_q;
  logic [8*DataBytes-1:0] wdata_q;
  logic [DataBytes-1:0] wstrb_q;
  always_ff @(posedge clk_i) begin
    before_q <= started_q;
    offered_q <= awvalid;
    awaddr_q <= awaddr;
    awlen_q <= awlen;
    holds_q <= wvalid && !wready_i;
    wdata_q <= wdata;
    wstrb_q <= wstrb;
    wlast_q <= wlast;
    drains_q <= i_dut.draining;
  end

  logic [31:0] start, behind, limit, split_end;
  assign start = 32'(awaddr);
  assign behind = start + (32'(awlen) + 1) * DataBytes;
  assign limit = 32'(last_q) + 1;
  assign split_end = 32'(i_dut.i_splitter.address_q) + 32'(i_dut.i_splitter.beats_q) * DataBytes;

  // Bursts whose last beat has entered the W register.
  logic [1:0] entered;
  assign entered = full_q + 2'(wvalid && wlast);

  always_comb begin
    if (!started_q) assert (!before_q);
    if (before_q) begin
      assert (started_q);
      // 1
      if (waits_q) assert (awvalid && awaddr == awaddr_q && awlen == awlen_q);
      if (holds_q) assert (wvalid && wdata == wdata_q && wstrb == wstrb_q && wlast == wlast_q);
      // 6
      if (drains_q && !offered_q) assert (!awvalid);
      if (drains_q && !holds_q && wvalid) assert (wstrb == '0);
    end
    if (started_q) begin
      // 2
      if (awvalid) begin
        assert (start / 4096 == (behind - 1) / 4096);
        assert (32'(awlen) < MaxBurst);
        assert (start >= 32'(first_q) && behind <= limit);
      end
      // 3
      assert (32'(offered) <= Outstanding);
      // 4
      if (wvalid) assert (full_q < offered && wlast == (beat_q == current));
      // 5
      if (full_q != 0) assert (bready);

      // What makes the induction close: the splitter, and the slots against the shadow.
      if (i_dut.i_splitter.check_q) begin
        assert (!i_dut.i_splitter.active_q);
        assert (split_end == 32'(i_dut.i_splitter.end_q));
      end
      if (i_dut.i_splitter.active_q) begin
        assert (32'(i_dut.i_splitter.address_q) % DataBytes == 0 && i_dut.i_splitter.beats_q != 0);
        assert (i_dut.i_splitter.address_q >= first_q && split_end <= limit);
      end
      if (i_dut.burst_valid) begin
        assert (32'(i_dut.burst_address) % MaxBurst + 32'(i_dut.burst_length) < MaxBurst);
        assert (32'(i_dut.burst_address) * DataBytes >= 32'(first_q));
        assert ((32'(i_dut.burst_address) + 32'(i_dut.burst_length) + 1) * DataBytes <= limit);
      end
      if (before_q)
        assert (32'(i_dut.i_splitter.limit_q) == limit);
        else assert (!i_dut.i_splitter.check_q);
      assert (full_q <= offered && i_dut.count_q == offered && i_dut.sent_q == full_q && i_dut.open_q == offered - entered);
      assert (listed_q >= 2'(waits_q) && listed_q <= 2);
      assert (i_dut.issue_q == i_dut.answer_q + i_dut.count_q[0] && i_dut.fill_q == i_dut.answer_q + entered[0]);
      if (full_q < offered) assert (beat_q <= current);
      if (full_q == offered) assert (beat_q == 0);
      if (entered == offered || (wvalid && wlast))
        assert (i_dut.beat_q == 0);
        else assert (8'(i_dut.beat_q) == beat_q + 8'(wvalid));
      if (offered >= 1) assert (8'(i_dut.lengths[i_dut.answer_q]) == length[0]);
      if (offered >= 2) assert (8'(i_dut.lengths[~i_dut.answer_q]) == length[1]);
      if (awvalid) assert (8'(i_dut.lengths[~i_dut.issue_q]) == awlen);
    end
  end

endmodule
