// SPDX-License-Identifier: Apache-2.0

/// From requantised channels to a write: pools, puts the bytes in memory order, finds the address, shows the write on the trace port.
///
///   activations: byte r of the write = channel r        (R bytes)
///   logits:      bytes 2r, 2r + 1 = channel r, little endian; not pooled
///
/// With `descriptor.residual` an activation also goes to residual memory, 0 for channels that do not exist; with `descriptor.projection`
/// it goes there only, as a signed byte:
///   word = residual_base + p * residual_step + channel / R
module output_packer
  import flexor_pkg::*;
  import output_writer_pkg::*;
#(
    /// Bytes of a word of activation memory.
    parameter int unsigned K = 50,
    /// Channels of a write.
    parameter int unsigned R = 8,
    /// Bytes of a write: a power of two, 2R..K-1.
    parameter int unsigned W = 16,
    /// Bits of a word number.
    parameter int unsigned WordWidth = 12,
    /// Bits of an address of residual memory, at least 9; 0: there is none.
    parameter int unsigned ResidualWidth = 0,
    /// Bits of residual_address_o; follows from ResidualWidth.
    parameter int unsigned ResidualPort = ResidualWidth == 0 ? 1 : ResidualWidth
) (
    /// Clock.
    input  logic                           clk_i,
    /// Synchronous reset, active low.
    input  logic                           rst_ni,
    /// Layer; steady. Pooling logits is illegal.
    input  descriptor_t                    descriptor_i,
    /// Its number.
    input  logic        [             7:0] layer_i,
    /// R results of a pixel.
    input  logic                           valid_i,
    /// Whether the pixel is the first of its group, and where that starts.
    input  start_e                         start_i,
    /// A layer begins: see output_address.
    input  logic                           layer_begin_i,
    /// Channels that exist.
    input  logic        [           R-1:0] mask_i,
    /// First channel.
    input  logic        [            15:0] channel_i,
    /// 16 bits a channel.
    input  logic        [        16*R-1:0] result_i,
    /// A write.
    output logic                           write_valid_o,
    /// Pair of its first byte.
    output logic        [            31:0] write_address_o,
    /// Bytes.
    output logic        [         8*W-1:0] write_data_o,
    /// Byte enables.
    output logic        [           W-1:0] write_strobe_o,
    /// A write to residual memory.
    output logic                           residual_write_o,
    /// Its word.
    output logic        [ResidualPort-1:0] residual_address_o,
    /// Its value.
    output logic        [         8*R-1:0] residual_data_o,
    /// The trace shows this write.
    output logic                           trace_valid_o,
    /// Layer.
    output logic        [             7:0] trace_layer_o,
    /// Output pixel, batch included.
    output logic        [            23:0] trace_pixel_o,
    /// First of R channels.
    output logic        [            15:0] trace_channel_o,
    /// Channels that exist.
    output logic        [           R-1:0] trace_mask_o,
    /// 16 bits a channel.
    output logic        [        16*R-1:0] trace_data_o
);

  if (W < 2 * R || W >= K || (W & (W - 1)) != 0) begin : gen_check_write
    $error("output_packer: W must be a power of two in 2R..K-1");
  end

  logic first, projection;
  assign projection = ResidualWidth != 0 && descriptor_i.projection;
  logic [R-1:0] mask_q;
  logic [8*R-1:0] low, low_q, high_q;

  always_comb begin
    low = result_i[8*R-1:0];
    for (int unsigned r = 0; r < R; r++) begin
      if (!descriptor_i.logits) low[8*r+:8] = result_i[16*r+:8];
    end
  end

  max_pool #(
      .Lanes(R)
  ) i_pool (
      .clk_i,
      .rst_ni,
      .pool_i (descriptor_i.pool),
      .valid_i,
      .start_i(start_i != StartNone),
      .data_i (low),
      .first_o(first),
      .valid_o(write_valid_o),
      .data_o (low_q)
  );

  always_ff @(posedge clk_i) begin
    mask_q <= mask_i;
    high_q <= result_i[16*R-1:8*R];
    trace_channel_o <= channel_i;
  end

  output_address #(
      .K(K),
      .R(R),
      .WordWidth(WordWidth)
  ) i_address (
      .clk_i,
      .valid_i(valid_i && first),
      .start_i,
      .layer_begin_i,
      .logits_i(descriptor_i.logits),
      .base_i(descriptor_i.output_base),
      .step_i(descriptor_i.output_step),
      .address_o(write_address_o)
  );

  if (ResidualWidth == 0) begin : gen_no_residual
    assign residual_write_o = 1'b0;
    assign residual_address_o = '0;
    assign residual_data_o = '0;
  end else begin : gen_residual
    logic [31:0] address;
    logic unused_address;
    // Words of 256 bytes make a pair a plain number, groups of one byte count words.
    output_address #(
        .K(256),
        .R(1),
        .WordWidth(ResidualWidth - 8)
    ) i_residual (
        .clk_i,
        .valid_i(valid_i && first),
        .start_i,
        .layer_begin_i,
        .logits_i(1'b0),
        .base_i(descriptor_i.residual_base),
        .step_i(32'(descriptor_i.residual_step)),
        .address_o(address)
    );
    assign residual_write_o = write_valid_o && descriptor_i.residual;
    assign residual_address_o = address[ResidualWidth-1:0];
    for (genvar r = 0; r < R; r++) begin : gen_lane
      assign residual_data_o[8*r+:8] = mask_q[r] ? low_q[8*r+:8] : 8'h00;
    end
    assign unused_address = ^address;
  end

  output_trace i_trace (
      .clk_i,
      .valid_i(valid_i && first),
      .start_i,
      .pixel_o(trace_pixel_o)
  );

  // Bytes R and up of an activation's write are not enabled.
  assign write_data_o = (8 * W)'({high_q, low_q});
  assign trace_valid_o = write_valid_o;
  assign trace_layer_o = layer_i;
  assign trace_mask_o = mask_q;
  always_comb begin
    write_strobe_o = '0;
    trace_data_o = {high_q, low_q};
    for (int unsigned r = 0; r < R; r++) begin
      if (descriptor_i.logits) begin
        write_strobe_o[2*r+:2] = {2{mask_q[r]}};
      end else begin
        write_strobe_o[r] = mask_q[r] && !projection;
        trace_data_o[16*r+:16] = {{8{projection && low_q[8*r+7]}}, low_q[8*r+:8]};
      end
    end
  end

  logic unused_descriptor;
  assign unused_descriptor = ^descriptor_i;

endmodule
