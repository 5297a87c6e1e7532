// SPDX-License-Identifier: Apache-2.0

/// One channel from accumulator to output, one value a cycle, RequantiseLatency (5) cycles.
///
///   t = acc + (first ? offset : t before)                  modulo 2^(AccWidth + SumBits), signed; acc is extended as AccSigned says
///   v = (t * multiplier + shortcut * shortcut_multiplier * 2^(Shift-8) + 2^(Shift-1)) >>> Shift      floor, rounds half up
///   result = logits ? min(max(v, -32768), 32767) : min(max(v, projection ? -activation_max - 1 : 0), activation_max)
///
/// The product is made in two halves that fit small multipliers (15 + the rest of the bits of t when Shift = 16), and only the bits
/// that reach v are added: with t = high * 2^(Shift-1) + low, low >= 0,
///   v = (high * multiplier + ((low * multiplier + shortcut * shortcut_multiplier * 2^(Shift-8)) >>> (Shift-1)) + 1) >>> 1
/// Xc7: the 1 is added before the shift, as 2^(Shift-1), where a multiplier has an adder for it; the halves are summed by another one.
module requantise #(
    /// Accumulator bits, Shift..32.
    parameter int unsigned AccWidth = 22,
    /// Right shift after the multiplication, 1..AccWidth.
    parameter int unsigned Shift = 16,
    /// Bits that a sum of accumulators has more than one, AccWidth + SumBits <= 32; 0: nothing is summed, first_i does not count.
    parameter int unsigned SumBits = 0,
    /// 1: acc_i is two's complement; 0: it is unsigned. Counts when SumBits > 0.
    parameter bit AccSigned = 1'b1,
    /// 1: a shortcut is added (needs Shift >= 8), outputs may be signed; 0: shortcut_i, shortcut_signed_i and projection_i do not count.
    parameter bit Residual = 1'b0,
    /// 1: every addition of two products stands where a DSP48E1 of Xilinx 7 makes it.
    parameter bit Xc7 = 1'b0
) (
    /// Clock.
    input  logic                               clk_i,
    /// Accumulator.
    input  logic        [        AccWidth-1:0] acc_i,
    /// acc_i begins a sum.
    input  logic                               first_i,
    /// Shortcut of the acc_i of the cycle before.
    input  logic        [                 7:0] shortcut_i,
    /// It is two's complement; steady.
    input  logic                               shortcut_signed_i,
    /// Output units per unit of the shortcut in 1/256; comes with shortcut_i.
    input  logic        [                15:0] shortcut_multiplier_i,
    /// Take new parameters with acc_i; offset_i and multiplier_i must stay for one more cycle.
    input  logic                               take_i,
    /// Added to the accumulator.
    input  logic signed [AccWidth+SumBits-1:0] offset_i,
    /// Output units per accumulator unit, times 2^Shift.
    input  logic signed [                15:0] multiplier_i,
    /// Logits (saturate to int16) or activations (clamp to 0..activation_max_i); steady.
    input  logic                               logits_i,
    /// Upper clamp of activations; steady.
    input  logic        [                 7:0] activation_max_i,
    /// Activations are signed (with `activation_max_i` below 128); steady.
    input  logic                               projection_i,
    /// Result: activations zero extended, signed ones and logits sign extended.
    output logic        [                15:0] result_o
);

  localparam int unsigned LowBits = Shift - 1;
  localparam int unsigned TWidth = AccWidth + SumBits;
  localparam int unsigned HighBits = TWidth - LowBits;
  // The low product and the shortcut's, within +-1.25 * 2^(Shift+16), without the bits below LowBits.
  localparam int unsigned LowWidth = Residual ? 19 : 16;
  localparam int unsigned SumWidth = HighBits + 16 > LowWidth ? HighBits + 16 : LowWidth + 1;
  // v itself, and at least one bit more than a logit.
  localparam int unsigned VWidth = SumWidth - 1 > 17 ? SumWidth - 1 : 17;

  if (Shift < 1 || Shift > AccWidth) begin : gen_check_shift
    $error("requantise: Shift must be in 1..AccWidth");
  end
  if (TWidth > 32) begin : gen_check_width
    $error("requantise: AccWidth + SumBits must be at most 32");
  end
  if (Residual && Shift < 8) begin : gen_check_residual
    $error("requantise: a shortcut needs a Shift of at least 8");
  end

  logic take_q;
  logic [AccWidth-1:0] acc_q;
  logic signed [TWidth-1:0] addend, offset_q, t_q;
  logic signed [15:0] multiplier_q;

  always_ff @(posedge clk_i) begin
    acc_q  <= acc_i;
    take_q <= take_i;
    t_q    <= (AccSigned ? TWidth'($signed(acc_q)) : TWidth'(acc_q)) + addend;
    if (take_i) offset_q <= offset_i;
    if (take_q) multiplier_q <= multiplier_i;
  end

  if (SumBits == 0) begin : gen_no_sum
    logic unused_first;
    assign addend = offset_q;
    assign unused_first = first_i;
  end else begin : gen_sum
    logic first_q;
    always_ff @(posedge clk_i) first_q <= first_i;
    assign addend = first_q ? offset_q : t_q;
  end

  logic signed [SumWidth-1:0] high_q;
  logic signed [LowWidth-1:0] low_q;

  if (LowBits == 0) begin : gen_no_low
    assign low_q = LowWidth'(Xc7);
  end else begin : gen_low
    logic signed [LowBits:0] low;
    logic signed [LowBits+LowWidth:0] product_q;
    logic unused_product;
    assign low = {1'b0, t_q[LowBits-1:0]};
    if (Residual) begin : gen_add
      logic signed [24:0] shortcut_q;
      logic signed [LowBits+LowWidth:0] shortcut;
      if (Xc7) begin : gen_round
        always_ff @(posedge clk_i) begin
          shortcut_q <= 25'($signed({shortcut_signed_i && shortcut_i[7], shortcut_i}) * $signed({1'b0, shortcut_multiplier_i})) + 25'sd128;
        end
      end else begin : gen_exact
        always_ff @(posedge clk_i) begin
          shortcut_q <= 25'($signed({shortcut_signed_i && shortcut_i[7], shortcut_i}) * $signed({1'b0, shortcut_multiplier_i}));
        end
      end
      assign shortcut = {{(LowBits + LowWidth - 16 - Shift) {shortcut_q[24]}}, shortcut_q, {(Shift - 8) {1'b0}}};
      always_ff @(posedge clk_i) product_q <= low * multiplier_q + shortcut;
    end else begin : gen_product
      logic unused_shortcut;
      assign unused_shortcut = ^{shortcut_i, shortcut_signed_i, shortcut_multiplier_i};
      if (Xc7) begin : gen_round
        localparam logic signed [LowBits+LowWidth:0] Half = (LowBits + LowWidth + 1)'(1) << LowBits;
        always_ff @(posedge clk_i) product_q <= low * multiplier_q + Half;
      end else begin : gen_exact
        always_ff @(posedge clk_i) product_q <= low * multiplier_q;
      end
    end
    assign low_q = product_q[LowBits+:LowWidth];
    assign unused_product = ^{product_q[LowBits+LowWidth], product_q[LowBits-1:0]};
  end

  logic signed [HighBits-1:0] high;
  assign high = t_q[TWidth-1:LowBits];
  always_ff @(posedge clk_i) high_q <= high * multiplier_q;

  logic signed [SumWidth:0] sum;  // twice as much; not with Xc7
  logic signed [VWidth-1:0] v_q;
  logic unused_sum;
  if (Xc7) begin : gen_multiplier_sum
    logic signed [SumWidth-1:0] sum_q;
    always_ff @(posedge clk_i) sum_q <= high_q + SumWidth'(low_q);
    assign sum = '0;
    assign v_q = VWidth'($signed(sum_q[SumWidth-1:1]));
  end else begin : gen_carry_sum
    // One bit below both terms makes the "+ 1" a carry.
    assign sum = {high_q, 1'b1} + {{(SumWidth - LowWidth) {low_q[LowWidth-1]}}, low_q, 1'b1};
    always_ff @(posedge clk_i) v_q <= VWidth'($signed(sum[SumWidth:2]));
  end
  assign unused_sum = ^sum[1:0];

  logic negative, mirror, over, fits;
  logic [VWidth-2:0] size;  // ~v where a negative v is compared with the lower clamp, ~activation_max
  assign negative = v_q[VWidth-1];
  assign mirror = Residual && projection_i && negative;
  assign size = v_q[VWidth-2:0] ^ {(VWidth - 1) {mirror}};
  assign over = size[VWidth-2:8] != '0 || size[7:0] > activation_max_i;
  assign fits = v_q[VWidth-1:15] == {(VWidth - 15) {negative}};

  always_ff @(posedge clk_i) begin
    if (logits_i) result_o <= fits ? v_q[15:0] : {negative, {15{~negative}}};
    else if (negative && !mirror) result_o <= '0;
    else result_o <= {{8{mirror}}, over ? activation_max_i ^ {8{mirror}} : v_q[7:0]};
  end

  logic unused_projection;
  assign unused_projection = projection_i;

endmodule
