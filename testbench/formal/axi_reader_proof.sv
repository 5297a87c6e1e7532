// SPDX-License-Identifier: Apache-2.0

/// Proof by induction over cycles: what axi_reader does on the bus is legal for every memory (any READY, any VALID, any response, any RLAST),
/// every command, every consumer, every abort, and every window that does not move. forget_i is not used: it says that the bus was reset.
///
/// 1. An address that waits stays, with what it carries.
/// 2. No burst crosses 4 KiB, is longer than MaxBurst or leaves the window.
/// 3. At most Outstanding bursts are under way.
/// 4. RREADY is high while beats are owed, and the queue has room for every one of them and for all that will be asked for.
/// 5. While draining no address is newly offered and no beat comes out.
/// The shadow is what an observer of the bus knows: the bursts whose address was taken, in order, and how many beats of the first have come.
module axi_reader_proof
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
    input logic                    data_ready_i,
    input logic                    arready_i,
    input logic                    rvalid_i,
    input logic [ 8*DataBytes-1:0] rdata_i,
    input logic [             1:0] rresp_i,
    input logic                    rlast_i
);

  localparam int unsigned Outstanding = 2;  // the shadow is written for two

  // The window is whatever the inputs were before the first cycle.
  logic started_q = 1'b0;
  logic [AddressWidth-1:0] first_q, last_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) {first_q, last_q} <= {window_first_i, window_last_i};
  end

  logic data_valid, arvalid, rready;
  logic [AddressWidth-1:0] araddr;
  logic [7:0] arlen;
  axi_reader #(
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
      .data_valid_o(data_valid),
      .data_ready_i,
      .data_o(),
      .data_last_o(),
      .error_valid_o(),
      .error_code_o(),
      .error_address_o(),
      .idle_o(),
      .m_axi_arvalid_o(arvalid),
      .m_axi_arready_i(arready_i),
      .m_axi_araddr_o(araddr),
      .m_axi_arlen_o(arlen),
      .m_axi_arsize_o(),
      .m_axi_arburst_o(),
      .m_axi_rvalid_i(rvalid_i),
      .m_axi_rready_o(rready),
      .m_axi_rdata_i(rdata_i),
      .m_axi_rresp_i(rresp_i),
      .m_axi_rlast_i(rlast_i)
  );

  // The shadow.
  logic [1:0] taken_q;  // bursts whose address was taken and whose beats have not all come
  logic [7:0] length_q[Outstanding];  // theirs, oldest first
  logic [7:0] come_q;  // beats of the oldest that have come
  logic accept, beat, ends;
  assign accept = arvalid && arready_i;
  assign beat = rvalid_i && rready && taken_q != 0;
  assign ends = beat && come_q == length_q[0];
  always_ff @(posedge clk_i) begin
    if (!started_q) begin
      taken_q <= '0;
      come_q  <= '0;
    end else begin
      taken_q <= taken_q + 2'(accept) - 2'(ends);
      if (beat) come_q <= ends ? '0 : come_q + 1'b1;
      if (ends) length_q[0] <= length_q[1];
      if (accept && taken_q - 2'(ends) == 0) length_q[0] <= arlen;
      if (accept && taken_q - 2'(ends) == 1) length_q[1] <= arlen;
    end
  end

  // The cycle before.
  logic before_q = 1'b0, waits_q, drains_q, offered_q;
  logic [AddressWidth-1:0] araddr_q;
  logic [7:0] arlen_q;
  always_ff @(posedge clk_i) begin
    before_q <= started_q;
    waits_q <= arvalid && !arready_i;
    offered_q <= arvalid;
    araddr_q <= araddr;
    arlen_q <= arlen;
    drains_q <= i_dut.draining;
  end

  // Beats that are in the queue, and those that will come into it.
  int unsigned queued, coming;
  logic [$clog2(Outstanding*MaxBurst):0] level;
  assign level  = i_dut.i_fifo.write_q - i_dut.i_fifo.read_q;
  assign queued = 32'(level) + 32'(i_dut.i_fifo.valid_o);
  always_comb begin
    coming = arvalid ? 32'(arlen) + 1 : 0;
    if (taken_q >= 1) coming += 32'(length_q[0]) + 1 - 32'(come_q);
    if (taken_q >= 2) coming += 32'(length_q[1]) + 1;
  end

  logic [31:0] start, behind, limit, split_end;
  assign start = 32'(araddr);
  assign behind = start + (32'(arlen) + 1) * DataBytes;
  assign limit = 32'(last_q) + 1;
  assign split_end = 32'(i_dut.i_splitter.address_q) + 32'(i_dut.i_splitter.beats_q) * DataBytes;

  always_comb begin
    if (!started_q) assert (!before_q);
    if (before_q) begin
      assert (started_q);
      // 1
      if (waits_q) assert (arvalid && araddr == araddr_q && arlen == arlen_q);
      // 5
      if (drains_q && !offered_q) assert (!arvalid);
    end
    if (started_q) begin
      if (i_dut.draining) assert (!data_valid);
      // 2
      if (arvalid) begin
        assert (start / 4096 == (behind - 1) / 4096);
        assert (32'(arlen) < MaxBurst);
        assert (start >= 32'(first_q) && behind <= limit);
      end
      // 3
      assert (32'(taken_q) + 32'(arvalid) <= Outstanding);
      // 4
      if (taken_q != 0) assert (rready);
      if (!i_dut.draining) assert (queued + coming + 32'(i_dut.free_q) == Outstanding * MaxBurst);

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
      assert (i_dut.count_q == taken_q + 2'(arvalid));
      assert (i_dut.write_q - i_dut.read_q == i_dut.count_q[0]);
      assert (8'(i_dut.beat_q) == come_q);
      if (taken_q == 0) assert (come_q == 0);
      if (taken_q >= 1) assert (come_q <= length_q[0] && 8'(i_dut.slot_lengths[i_dut.read_q]) == length_q[0]);
      if (taken_q >= 2) assert (8'(i_dut.slot_lengths[~i_dut.read_q]) == length_q[1]);
      if (arvalid) assert (8'(i_dut.slot_lengths[~i_dut.write_q]) == arlen);
    end
  end

endmodule
