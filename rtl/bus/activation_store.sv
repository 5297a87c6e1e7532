// SPDX-License-Identifier: Apache-2.0

/// Reads consecutive bytes of activation memory in the cycles that the array leaves free, and offers them as beats.
///
///   beat b = bytes b*Beat .. b*Beat+Beat-1 after the pair; the last beat enables only the bytes that belong
module activation_store #(
    /// Bytes of a word of activation memory.
    parameter int unsigned K    = 50,
    /// Bytes of a beat, 8 or 16, <= K.
    parameter int unsigned Beat = 16
) (
    /// Clock.
    input  logic              clk_i,
    /// Synchronous reset, active low.
    input  logic              rst_ni,
    /// One cycle: begin.
    input  logic              start_i,
    /// Pair of the first byte.
    input  logic [      31:0] pair_i,
    /// Bytes, >= 1.
    input  logic [      31:0] count_i,
    /// A read is wanted.
    output logic              read_valid_o,
    /// It happens in this cycle.
    input  logic              read_ready_i,
    /// Pair of its first byte.
    output logic [      31:0] read_address_o,
    /// Its bytes, fetch_pkg::ActivationLatency cycles later.
    input  logic [8*Beat-1:0] read_data_i,
    /// A beat is offered.
    output logic              beat_valid_o,
    /// It is taken.
    input  logic              beat_ready_i,
    /// The beat.
    output logic [8*Beat-1:0] beat_o,
    /// Its byte enables.
    output logic [  Beat-1:0] strobe_o
);

  localparam int unsigned Depth = 8;
  localparam int unsigned OffsetWidth = $clog2(K);

  if (Beat > K) begin : gen_check
    $error("activation_store: a beat must not be wider than a word of activation memory");
  end

  logic [31:0] left_q;
  logic [$clog2(Depth):0] room_q;
  logic [23:0] word_q;
  logic [OffsetWidth-1:0] offset_q;
  logic [23+OffsetWidth:0] next;
  logic [fetch_pkg::ActivationLatency:1] way_q;  // reads under way
  logic [Beat-1:0] strobe;
  logic [fetch_pkg::ActivationLatency*Beat-1:0] strobes_q;  // of the reads under way, the oldest on top
  logic read, fifo_empty;

  assign read_valid_o = left_q != '0 && room_q != '0;
  assign read_address_o = {word_q, 8'(offset_q)};
  assign read = read_valid_o && read_ready_i;
  for (genvar i = 0; i < Beat; i++) begin : gen_strobe
    assign strobe[i] = left_q > 32'(i);
  end

  pair_add #(
      .K(K),
      .WordWidth(24)
  ) i_add (
      .a_i  ({word_q, offset_q}),
      .b_i  ({24'd0, OffsetWidth'(Beat % K)}),
      .sum_o(next)
  );

  always_ff @(posedge clk_i) begin
    way_q <= {way_q[fetch_pkg::ActivationLatency-1:1], read};
    strobes_q <= {strobes_q[(fetch_pkg::ActivationLatency-1)*Beat-1:0], strobe};
    if (read) begin
      left_q <= left_q > 32'(Beat) ? left_q - 32'(Beat) : '0;
      {word_q, offset_q} <= next;
    end
    room_q <= room_q - ($clog2(Depth) + 1)'(read) + ($clog2(Depth) + 1)'(beat_valid_o && beat_ready_i);
    if (start_i) begin
      left_q   <= count_i;
      word_q   <= pair_i[31:8];
      offset_q <= pair_i[OffsetWidth-1:0];
    end
    if (!rst_ni) begin
      left_q <= '0;
      way_q  <= '0;
      room_q <= ($clog2(Depth) + 1)'(Depth);
    end
  end

  stream_fifo #(
      .Depth(Depth),
      .Width(9 * Beat)
  ) i_fifo (
      .clk_i,
      .rst_ni,
      .push_i (way_q[fetch_pkg::ActivationLatency]),
      .data_i ({strobes_q[(fetch_pkg::ActivationLatency-1)*Beat+:Beat], read_data_i}),
      .valid_o(beat_valid_o),
      .ready_i(beat_ready_i),
      .data_o ({strobe_o, beat_o}),
      .empty_o(fifo_empty)
  );

  logic unused_bits;
  assign unused_bits = ^{fifo_empty, pair_i[7:OffsetWidth]};

endmodule
