// SPDX-License-Identifier: Apache-2.0

/// Drains finished blocks: for each channel group of R, for each pixel: read the accumulators, requantise, pool, write.
///
///   out[p][c] = pool(requantise(acc[pixel][c % M], offset[c], multiplier[c]))      formulas in requantise and max_pool
///   byte address = output_base + p * output_step + c * (logits ? 2 : 1)            pairs; channels >= descriptor.channels are not written
///
/// With sum_pixels = s > 1 one output is made of s consecutive pixels, summed before requantisation: p counts outputs. A block has whole
/// sums. A shortcut comes from residual memory, word for word beside the accumulators (residual_walker). A projection's output goes there only.
///
/// One pixel of R channels a cycle; SinglePort and a shortcut: in two cycles, so that residual memory is read in one and written in the other. The parameters of the next group are fetched meanwhile: no gap when a block has >= 2R pixels.
/// A read in cycle t becomes a write in t + RequantiseLatency + 2 (+ 3 pixels when pooling).
module output_writer
  import flexor_pkg::*;
  import output_writer_pkg::*;
#(
    /// Bytes of a word of activation memory, 10..250.
    parameter int unsigned K = 50,
    /// Channels of an m-tile.
    parameter int unsigned M = 16,
    /// Channels drained per cycle: a power of two that divides M.
    parameter int unsigned R = 8,
    /// Bytes of a write: a power of two, 2R..K-1.
    parameter int unsigned W = 16,
    /// Accumulator bits, Shift..32.
    parameter int unsigned AccWidth = 22,
    /// Pixels of an accumulator buffer, <= 65535.
    parameter int unsigned PMax = 256,
    /// Accumulator buffers, 1 or 2.
    parameter int unsigned AccBuffers = 2,
    /// Words of a bank of activation memory.
    parameter int unsigned ActRows = 2048,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth = 10,
    /// Words of control memory: a power of two.
    parameter int unsigned ControlWords = 8192,
    /// Requantise shift.
    parameter int unsigned Shift = 16,
    /// Pixels that one output may sum, at most 2^SumBits; 0: descriptor.sum_pixels does not count.
    parameter int unsigned SumBits = 0,
    /// 1: accumulators are two's complement; see requantise.
    parameter bit AccSigned = 1'b1,
    /// Words of residual memory, a power of two, 512..2^24; 0: there is none.
    parameter int unsigned ResidualWords = 0,
    /// 1: activation and residual memory have one port: a buffer is free when every write has landed. Needs AccBuffers = 1.
    parameter bit SinglePort = 1'b0,
    /// 1: cells for Xilinx 7; see requantise.
    parameter bit Xc7 = 1'b0,
    /// Bits of an address of residual memory; follows from ResidualWords.
    parameter int unsigned ResidualWidth = ResidualWords == 0 ? 1 : $clog2(ResidualWords),
    /// Cycles from a write until a read can start that sees it, >= 1.
    parameter int unsigned WriteLatency = fetch_pkg::WriteLatency,
    /// Bits of an accumulator address.
    parameter int unsigned PixelWidth = PMax > 1 ? $clog2(PMax) : 1,
    /// Bits of a buffer number.
    parameter int unsigned BufferWidth = 1
) (
    /// Clock.
    input  logic                                   clk_i,
    /// Synchronous reset, active low.
    input  logic                                   rst_ni,
    /// Layer, steady from acceptance of its first block until idle_o.
    input  descriptor_t                            descriptor_i,
    /// Its number, for the trace.
    input  logic        [                     7:0] layer_i,
    /// A block whose accumulators are final.
    input  logic                                   block_valid_i,
    /// It is accepted.
    output logic                                   block_ready_o,
    /// Its accumulator buffer.
    input  logic        [         BufferWidth-1:0] block_buffer_i,
    /// Its pixels before pooling, 1..PMax, a multiple of 4 when pooling.
    input  logic        [                    15:0] block_pixels_i,
    /// It is the first of an m-tile.
    input  logic                                   block_first_i,
    /// It is the first of the layer.
    input  logic                                   block_layer_first_i,
    /// A buffer's last read was issued, SinglePort: and every write has landed; low from the cycle after acceptance.
    output logic        [          AccBuffers-1:0] buffer_free_o,
    /// Nothing is held and every write has landed.
    output logic                                   idle_o,
    /// Accumulator buffer to read.
    output logic        [         BufferWidth-1:0] read_buffer_o,
    /// Accumulator address to read.
    output logic        [          PixelWidth-1:0] read_address_o,
    /// Its M accumulators, one cycle later.
    input  logic        [          M*AccWidth-1:0] read_data_i,
    /// Read a control memory word.
    output logic                                   parameter_read_o,
    /// Its address.
    output logic        [$clog2(ControlWords)-1:0] parameter_address_o,
    /// Its data, one cycle later.
    input  logic        [                    31:0] parameter_data_i,
    /// A write, always accepted.
    output logic                                   write_valid_o,
    /// Pair of its first byte.
    output logic        [                    31:0] write_address_o,
    /// Bytes.
    output logic        [                 8*W-1:0] write_data_o,
    /// Byte enables.
    output logic        [                   W-1:0] write_strobe_o,
    /// Read residual memory.
    output logic                                   residual_read_o,
    /// Word of residual memory to read.
    output logic        [       ResidualWidth-1:0] residual_read_address_o,
    /// Its value, one cycle later, SinglePort: for two cycles.
    input  logic        [                 8*R-1:0] residual_read_data_i,
    /// A write to residual memory.
    output logic                                   residual_write_o,
    /// Its word.
    output logic        [       ResidualWidth-1:0] residual_write_address_o,
    /// Its value.
    output logic        [                 8*R-1:0] residual_write_data_o,
    /// The trace shows this write.
    output logic                                   trace_valid_o,
    /// Layer.
    output logic        [                     7:0] trace_layer_o,
    /// Output pixel, batch included.
    output logic        [                    23:0] trace_pixel_o,
    /// First of R channels.
    output logic        [                    15:0] trace_channel_o,
    /// Channels that exist.
    output logic        [                   R-1:0] trace_mask_o,
    /// 16 bits a channel.
    output logic        [                16*R-1:0] trace_data_o
);

  localparam int unsigned AddressWidth = $clog2(ControlWords);
  localparam int unsigned GroupWidth = M / R > 1 ? $clog2(M / R) : 1;
  localparam int unsigned Results = RequantiseLatency;
  localparam int unsigned OffsetWidth = AccWidth + SumBits;
  localparam bit Residual = ResidualWords != 0;

  if (PMax < 1 || PMax > 65535) begin : gen_check_pixels
    $error("output_writer: PMax must be in 1..65535");
  end
  if (SinglePort && AccBuffers != 1) begin : gen_check_port
    $error("output_writer: SinglePort needs AccBuffers = 1");
  end
  if (AccBuffers < 1 || AccBuffers > 2 || BufferWidth != 1) begin : gen_check_buffers
    $error("output_writer: AccBuffers must be 1 or 2, BufferWidth 1");
  end
  if (WriteLatency < 1) begin : gen_check_latency
    $error("output_writer: WriteLatency must be at least 1");
  end

  /// What travels with a pixel.
  typedef struct packed {
    start_e start;
    logic [R-1:0] mask;
    logic [15:0] channel;
    logic sum_first, sum_last;
  } tag_t;

  // Groups.
  logic group_valid, group_ready, fetch_free;
  logic [GroupWidth-1:0] group_index;
  logic [BufferWidth-1:0] group_buffer;
  logic [PixelWidth-1:0] group_last;
  logic [R*OffsetWidth-1:0] offset;
  logic [R*16-1:0] multiplier;
  tag_t group_tag;
  logic sum_first, sum_last;
  assign group_tag.sum_first = 1'b1;
  assign group_tag.sum_last = sum_last;
  assign block_ready_o = fetch_free;

  parameter_fetch #(
      .M(M),
      .R(R),
      .OffsetWidth(OffsetWidth),
      .PixelWidth(PixelWidth),
      .BufferWidth(BufferWidth),
      .ControlWords(ControlWords)
  ) i_fetch (
      .clk_i,
      .rst_ni,
      .parameter_base_i(descriptor_i.parameter_base[AddressWidth-1:0]),
      .channels_i(descriptor_i.channels),
      .block_valid_i,
      .block_ready_o(fetch_free),
      .block_buffer_i,
      .block_last_i(PixelWidth'(block_pixels_i - 16'd1)),
      .block_first_i,
      .block_layer_first_i,
      .parameter_read_o,
      .parameter_address_o,
      .parameter_data_i,
      .group_valid_o(group_valid),
      .group_ready_i(group_ready),
      .group_index_o(group_index),
      .group_mask_o(group_tag.mask),
      .group_channel_o(group_tag.channel),
      .group_start_o(group_tag.start),
      .group_buffer_o(group_buffer),
      .group_last_o(group_last),
      .offset_o(offset),
      .multiplier_o(multiplier)
  );

  // Pixels advance in every second cycle, from the second after the block was accepted; groups begin in the others.
  logic in_turns, turn_q, advance;
  if (!SinglePort || !Residual) begin : gen_every_cycle
    assign in_turns = 1'b0;
    assign turn_q   = 1'b0;
  end else begin : gen_turns
    assign in_turns = descriptor_i.shortcut;
    always_ff @(posedge clk_i) turn_q <= !idle_o && !turn_q;
  end
  assign advance = !in_turns || turn_q;

  // Pixels of a group: stage 0 has the address on the accumulator's port, stage 1 the data. Sums of pixels have no shortcut.
  logic [Results+1:0] valid_q;
  tag_t tag_q[Results+2];
  logic [PixelWidth-1:0] last_q;
  logic [GroupWidth-1:0] index_q, data_index_q;
  logic last_pixel_q;
  logic [PixelWidth-1:0] next_address;

  assign next_address = read_address_o + 1'b1;
  assign group_ready  = in_turns ? !valid_q[0] && !turn_q : !valid_q[0] || last_pixel_q;

  always_ff @(posedge clk_i) begin
    valid_q <= {valid_q[Results:1], valid_q[0] && advance, valid_q[0] && !(last_pixel_q && advance)};
    for (int unsigned s = 1; s < Results + 2; s++) tag_q[s] <= tag_q[s-1];
    if (advance) tag_q[0].start <= StartNone;
    tag_q[0].sum_first <= sum_first;
    tag_q[0].sum_last <= sum_last;
    data_index_q <= index_q;
    if (group_valid && group_ready) begin
      valid_q[0] <= 1'b1;
      tag_q[0] <= group_tag;
      read_buffer_o <= group_buffer;
      read_address_o <= '0;
      last_q <= group_last;
      last_pixel_q <= group_last == '0;
      index_q <= group_index;
    end else if (advance) begin
      read_address_o <= next_address;
      last_pixel_q <= next_address == last_q;
    end
    if (!rst_ni) valid_q <= '0;
  end

  // Which pixels begin and end a sum, one cycle ahead.
  if (SumBits == 0) begin : gen_no_sum
    assign sum_first = 1'b1;
    assign sum_last  = 1'b1;
  end else begin : gen_sum
    typedef logic [SumBits:0] sum_t;
    sum_t left_q, left;  // of the sum, this pixel included
    assign sum_first = left_q == sum_t'(1);
    assign left = (group_valid && group_ready) || sum_first ? sum_t'(descriptor_i.sum_pixels) : left_q - sum_t'(1);
    assign sum_last = left == sum_t'(1);
    always_ff @(posedge clk_i) left_q <= left;
  end

  // Shortcut: one cycle after the accumulators. An odd number of cycles lies between a read and the write of the same pixel.
  logic layer_begin, present;
  logic [8*R-1:0] shortcut;
  assign layer_begin = block_valid_i && fetch_free && block_layer_first_i;
  if (Residual) begin : gen_residual
    // The walker is asked a cycle before the address is needed: stage 0's turn to wait when pixels go in turns, else stage 0.
    logic step, has_channels;
    start_e start;
    logic [15:0] channel;
    if (SinglePort) begin : gen_ahead
      logic begins;
      assign begins = group_valid && group_ready;
      assign step = begins || (valid_q[0] && !turn_q);
      assign start = begins ? group_tag.start : StartNone;
      assign channel = tag_q[0].channel;
      assign residual_read_o = valid_q[0] && advance;
      always_ff @(posedge clk_i) present <= has_channels;
    end else begin : gen_behind
      assign step = valid_q[0];
      assign start = tag_q[0].start;
      assign channel = tag_q[1].channel;
      assign residual_read_o = valid_q[1];
      assign present = has_channels;
    end
    residual_walker #(
        .R(R),
        .ResidualWords(ResidualWords),
        .CountWidth(CountWidth),
        .ChannelWidth(AddressWidth < 16 ? AddressWidth : 16)
    ) i_walker (
        .clk_i,
        .descriptor_i,
        .valid_i  (step),
        .start_i  (start),
        .channel_i(channel),
        .address_o(residual_read_address_o),
        .present_o(has_channels)
    );
    // No shortcut: a value of 0, or a multiplier of 0, which many channels share.
    if (Xc7) assign shortcut = residual_read_data_i;
    else assign shortcut = present ? residual_read_data_i : '0;
  end else begin : gen_no_residual
    logic unused_residual;
    assign residual_read_o = 1'b0;
    assign residual_read_address_o = '0;
    assign present = 1'b0;
    assign shortcut = '0;
    assign unused_residual = ^{residual_read_data_i, present};
  end

  for (genvar b = 0; b < AccBuffers; b++) begin : gen_free
    if (SinglePort) assign buffer_free_o[b] = idle_o;
    else assign buffer_free_o[b] = !(!fetch_free && group_buffer == BufferWidth'(b)) && !(valid_q[0] && read_buffer_o == BufferWidth'(b));
  end

  // Stage 1: R channels of the accumulators.
  logic [R*AccWidth-1:0] accumulators;
  always_comb begin
    accumulators = '0;
    for (int unsigned g = 0; g < M / R; g++) begin
      if (data_index_q == GroupWidth'(g)) accumulators |= read_data_i[g*R*AccWidth+:R*AccWidth];
    end
  end

  logic [16*R-1:0] result;
  for (genvar r = 0; r < R; r++) begin : gen_lane
    requantise #(
        .AccWidth(AccWidth),
        .Shift(Shift),
        .SumBits(SumBits),
        .AccSigned(AccSigned),
        .Residual(Residual),
        .Xc7(Xc7)
    ) i_requantise (
        .clk_i,
        .acc_i(accumulators[r*AccWidth+:AccWidth]),
        .first_i(tag_q[1].sum_first),
        .shortcut_i(shortcut[8*r+:8]),
        .shortcut_signed_i(descriptor_i.shortcut_signed),
        .shortcut_multiplier_i(!Xc7 || present ? descriptor_i.shortcut_multiplier : '0),
        .take_i(valid_q[1] && tag_q[1].start != StartNone),
        .offset_i(offset[r*OffsetWidth+:OffsetWidth]),
        .multiplier_i(multiplier[16*r+:16]),
        .logits_i(descriptor_i.logits),
        .activation_max_i(descriptor_i.activation_max),
        .projection_i(descriptor_i.projection),
        .result_o(result[16*r+:16])
    );
  end

  // An output leaves with the last pixel of its sum, and starts where the first one did.
  tag_t out;
  start_e out_start, held_start_q;
  assign out = tag_q[Results+1];
  assign out_start = SumBits == 0 || out.sum_first ? out.start : held_start_q;
  always_ff @(posedge clk_i) if (valid_q[Results+1]) held_start_q <= out_start;

  output_packer #(
      .K(K),
      .R(R),
      .W(W),
      .WordWidth($clog2(2 * ActRows)),
      .ResidualWidth(Residual ? ResidualWidth : 0)
  ) i_packer (
      .clk_i,
      .rst_ni,
      .descriptor_i,
      .layer_i,
      .valid_i(valid_q[Results+1] && (SumBits == 0 || out.sum_last)),
      .start_i(out_start),
      .layer_begin_i(layer_begin),
      .mask_i(out.mask),
      .channel_i(out.channel),
      .result_i(result),
      .write_valid_o,
      .write_address_o,
      .write_data_o,
      .write_strobe_o,
      .residual_write_o,
      .residual_address_o(residual_write_address_o),
      .residual_data_o(residual_write_data_o),
      .trace_valid_o,
      .trace_layer_o,
      .trace_pixel_o,
      .trace_channel_o,
      .trace_mask_o,
      .trace_data_o
  );

  // Writes on their way into memory.
  logic landing;
  if (WriteLatency == 1) begin : gen_landed
    assign landing = 1'b0;
  end else begin : gen_landing
    logic [WriteLatency-2:0] landing_q;
    always_ff @(posedge clk_i) landing_q <= rst_ni ? (WriteLatency - 1)'({landing_q, write_valid_o}) : '0;
    assign landing = landing_q != '0;
  end
  assign idle_o = fetch_free && valid_q == '0 && !write_valid_o && !landing;

endmodule
